/** How the demo looks: pure functions from its state to lines. */

import { stripVTControlCharacters, styleText } from 'node:util';
import type { Stored } from './demo-probe.ts';

export interface Alert {
  readonly name: string;
  /** The webhook's body. */
  readonly text: string;
  readonly atMs: number;
  /** Milliseconds from the write of the line to the webhook; only for the first alert of each rule. */
  readonly latencyMs: number | undefined;
}

export interface View {
  readonly elapsedMs: number;
  readonly doing: string;
  readonly logPath: string;
  readonly agentUrl: string;
  readonly receiverUrl: string;
  readonly written: { readonly lines: number; readonly bytes: number; readonly rotations: number };
  readonly stored: Stored;
  /** Per second, over the last second or so. */
  readonly writtenBytesPerSecond: number;
  readonly storedBytesPerSecond: number;
  readonly lagSeconds: number;
  readonly residentBytes: number;
  /** Share of one core, over the last second or so. */
  readonly cpuShare: number;
  readonly alerts: readonly Alert[];
}

const MB = 1e6;
const SHOWN_ALERTS = 4;
/** Attackers write what an alert quotes: no control or direction character of it may act on the terminal. */
const CONTROL = /[\p{Cc}\p{Cf}]/gu;

const bold = (text: string) => styleText('bold', text);
const dim = (text: string) => styleText('dim', text);
const green = (text: string) => styleText('green', text);
const red = (text: string) => styleText('red', text);
const yellow = (text: string) => styleText('yellow', text);

export function count(n: number): string {
  return n.toLocaleString('en-US');
}

/** What is where. */
export function places(view: View): string[] {
  return [
    `  ${bold('tetraship')}  ${dim("Tetragon's events to Parseable, one row each, and alerts from the node itself")}`,
    '',
    `  ${dim('log       ')}  ${view.logPath}`,
    `  ${dim('agent     ')}  ${view.agentUrl}/metrics`,
    `  ${dim('receiver  ')}  ${view.receiverUrl}/__stats ${dim('(stands in for Parseable)')}`,
    '',
  ];
}

/** The whole picture, for a terminal of `columns` columns. */
export function block(view: View, columns: number): string[] {
  const { written, stored } = view;
  const row = (label: string, ...cells: string[]) =>
    `  ${dim(label.padEnd(10))}${cells.map((cell, i) => cell.padStart(i === 0 ? 18 : 14)).join('')}`;
  const packed = stored.wireBytes === 0 ? '' : `${(stored.rawBytes / stored.wireBytes).toFixed(1)}x packed`;
  const seconds = Math.floor(view.elapsedMs / 1000);
  const lines = [
    '',
    ...places(view),
    row(
      'written',
      `${count(written.lines)} events`,
      megabytes(written.bytes),
      `${megabytes(view.writtenBytesPerSecond)}/s`,
      `${count(written.rotations)} rotations`,
    ),
    row(
      'stored',
      `${count(stored.unique)} rows  `,
      megabytes(stored.rawBytes),
      `${megabytes(view.storedBytesPerSecond)}/s`,
      packed,
    ),
    row('on the way', `${count(behind(view))} events`, ...lag(view)),
    ...(stored.duplicates > 0 ? [row('sent twice', `${count(stored.duplicates)} rows  `)] : []),
    row('agent', ...agentUse(view)),
    '',
    `  ${dim('alerts    ')}${count(view.alerts.length).padStart(11)}`,
    ...view.alerts.slice(-SHOWN_ALERTS).flatMap((alert) => ['', ...alertLines(alert)]),
    '',
    `  ${green('●')} ${view.doing}  ${dim(`${seconds} s`)}`,
    '',
  ];
  return lines.map((line) => cut(line, columns));
}

/** One alert, as it is shown when it arrives. */
export function alertLines(alert: Alert): string[] {
  const [first = '', second = ''] = alert.text
    .split('\n')
    .map((line) => line.replaceAll(CONTROL, '?').trim());
  const { latencyMs } = alert;
  const speed = latencyMs === undefined ? '' : green(`  ${latencyMs} ms after its line was written`);
  const indent = ' '.repeat(clock(alert.atMs).length + 2);
  return [
    `  ${dim(clock(alert.atMs))}  ${yellow(first)}${speed}`,
    `  ${indent}${second.replace(/^Message: /, '')}`,
  ];
}

/** One plain line for a log file or a pipe. */
export function plainLine(view: View): string {
  const { written, stored } = view;
  const late = lag(view).map((seconds) => `, ${seconds}`);
  return [
    `${String(Math.round(view.elapsedMs / 1000)).padStart(4)} s`,
    `written ${count(written.lines)} (${megabytes(view.writtenBytesPerSecond)}/s)`,
    `stored ${count(stored.unique)} (${megabytes(view.storedBytesPerSecond)}/s)`,
    `on the way ${count(behind(view))}${late.join('')}`,
    `alerts ${view.alerts.length}`,
    ...(agentUse(view).length === 0 ? [] : [`agent ${agentUse(view).join(', ')}`]),
  ].join('  ');
}

export interface Outcome {
  readonly written: { readonly lines: number; readonly bytes: number };
  readonly seconds: number;
  readonly stored: Stored;
  readonly alerts: readonly Alert[];
  readonly expectedAlerts: readonly string[];
  /** Exit code, or the signal's name. */
  readonly agentExit: number | string;
}

/** What went wrong, in words; empty when all is well. Duplicates are allowed, losses are not. */
export function failures(outcome: Outcome): string[] {
  const { stored, written, agentExit } = outcome;
  const lost = written.lines - stored.unique;
  const silent = outcome.expectedAlerts.filter(
    (name) => !outcome.alerts.some((alert) => alert.name === name),
  );
  return [
    ...(written.lines === 0 ? ['nothing was written'] : []),
    ...(lost > 0 ? [`${count(lost)} events never arrived`] : []),
    ...(lost < 0 ? [`${count(-lost)} rows arrived that nobody wrote`] : []),
    ...silent.map((name) => `the alert ${name} never came`),
    ...(agentExit === 0 ? [] : [`the agent ended with ${agentExit}`]),
    ...(stored.violations > 0
      ? [`the receiver objected ${count(stored.violations)} times, first: ${stored.firstViolation}`]
      : []),
  ];
}

export function summary(outcome: Outcome): string[] {
  const { written, stored, alerts, expectedAlerts, seconds } = outcome;
  const lost = written.lines - stored.unique;
  const row = (label: string, value: string) => `  ${dim(label.padEnd(16))}${value}`;
  const perAlert = expectedAlerts.map(
    (name) => `${name} ${alerts.filter((alert) => alert.name === name).length}`,
  );
  const wrong = failures(outcome);
  const speed = `${megabytes(written.bytes)} in ${seconds.toFixed(0)} s`;
  return [
    '',
    row('lines written', `${count(written.lines).padStart(12)}   ${dim(speed)}`),
    row('rows stored', count(stored.rows).padStart(12)),
    row('lost', count(lost).padStart(12)),
    row('duplicates', count(stored.duplicates).padStart(12)),
    row('alerts', `${count(alerts.length).padStart(12)}   ${dim(perAlert.join(', '))}`),
    '',
    ...(wrong.length === 0
      ? [`  ${green('Every event arrived, and every alert came.')}`]
      : wrong.map((reason) => `  ${red('failed:')} ${reason}`)),
    '',
  ];
}

function behind(view: View): number {
  return Math.max(0, view.written.lines - view.stored.unique);
}

function lag(view: View): string[] {
  return behind(view) > 0 && Number.isFinite(view.lagSeconds) ? [`${view.lagSeconds.toFixed(2)} s late`] : [];
}

/** Memory and, once it is known, CPU. */
function agentUse(view: View): string[] {
  if (!Number.isFinite(view.residentBytes)) return [];
  const memory = `${(view.residentBytes / MB).toFixed(0)} MB memory`;
  return Number.isFinite(view.cpuShare) ? [memory, `${(view.cpuShare * 100).toFixed(0)} % CPU`] : [memory];
}

function megabytes(bytes: number): string {
  return `${(bytes / MB).toFixed(1)} MB`;
}

function clock(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 23);
}

/** A line that is too long for the terminal would break the redrawing: it is cut and loses its colours. */
function cut(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length <= columns ? line : plain.slice(0, columns);
}
