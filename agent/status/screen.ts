/** The status as text for a terminal: at most as wide as it is told, and nothing in it acts but the colours. */

import { printable } from '../ops/printable.ts';
import { ago, bytes, clock, count, duration, formatNumber, lag, type Unit } from './format.ts';
import type { Health, StageStatus } from './stage.ts';
import type { RuleStatus, Status } from './status.ts';

const MARKS: Readonly<Record<Health, string>> = { ok: '● well', warn: '▲ look', bad: '■ trouble' };
const COLOURS: Readonly<Record<Health, string>> = { ok: '32', warn: '33', bad: '31;1' };
const BOLD = '1';
const BARS = '▁▂▃▄▅▆▇█';

const NAME_WIDTH = 9;
const MARK_WIDTH = 10;
const PLOT_WIDTH = 36;
const MAX_LINES_OF_A_LIST = 6;

const PLOTS: readonly { readonly name: string; readonly title: string; readonly unit: Unit }[] = [
  { name: 'events', title: 'events', unit: 'count/s' },
  { name: 'readBytes', title: 'read', unit: 'bytes/s' },
  { name: 'rowsDelivered', title: 'rows sent', unit: 'count/s' },
  { name: 'lagBytes', title: 'lag', unit: 'bytes' },
];

export interface ScreenOptions {
  readonly columns: number;
  readonly colour: boolean;
}

/** Lines without their ends. */
export function renderScreen(status: Status, { columns, colour }: ScreenOptions): string[] {
  const paint = (text: string, code: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const cut = (text: string): string => {
    const safe = [...printable(text)];
    return safe.length > columns ? `${safe.slice(0, columns - 1).join('')}…` : safe.join('');
  };
  const { health, nowMs } = status;
  const facts = `up ${duration(status.uptimeSeconds)}, ${bytes(status.residentBytes)}, ${clock(nowMs, nowMs)}`;
  const lines = [
    spread(`tetraship ${status.version} on ${status.node}`, facts, columns),
    '',
    ...wrap(`${MARKS[health]}  ${status.headline}`, columns).map((line) => paint(line, COLOURS[health])),
    '',
    ...status.stages.map((stage) => {
      const line = cut(stageLine(stage));
      const at = NAME_WIDTH;
      const mark = line.slice(at, at + MARK_WIDTH);
      return `${line.slice(0, at)}${paint(mark, COLOURS[stage.health])}${line.slice(at + MARK_WIDTH)}`;
    }),
  ];
  const section = (title: string, rows: readonly string[]): void => {
    if (rows.length > 0) lines.push('', paint(title, BOLD), ...rows.map(cut));
  };
  section('rates', rateLines(status));
  section(
    'files',
    withRest(
      status.files.map((file) => `  ${shorten(file.path, 44)}  lag ${lag(file)}`),
      status.filesInAll,
    ),
  );
  section(
    'rules',
    withRest(
      status.rules.map((rule) => ruleLine(rule, nowMs)),
      status.rulesInAll,
    ),
  );
  section(
    'last problems',
    status.problems
      .slice(0, MAX_LINES_OF_A_LIST)
      .map(({ timeMs, text }) => `  ${clock(timeMs, nowMs)}  ${text}`),
  );
  return lines;
}

function stageLine({ id, health, numbers }: StageStatus): string {
  const shown = numbers.map(
    ({ label, value, unit }) => `${label} ${value === null ? '–' : formatNumber(value, unit)}`,
  );
  return `${id.padEnd(NAME_WIDTH)}${MARKS[health].padEnd(MARK_WIDTH)} ${shown.join(', ')}`;
}

function rateLines({ rates: { series } }: Status): string[] {
  return PLOTS.flatMap(({ name, title, unit }) => {
    const values = series.find((one) => one.name === name)?.values ?? [];
    const now = values.at(-1) ?? null;
    return now === null
      ? []
      : [`  ${title.padEnd(NAME_WIDTH)} ${formatNumber(now, unit).padStart(11)}  ${barsOf(values)}`];
  });
}

/** The whole time in a few characters: each shows the highest of its stretch. */
function barsOf(values: readonly (number | null)[]): string {
  const perBar = values.length / PLOT_WIDTH;
  const highest = Math.max(...values.map((value) => value ?? 0));
  let bars = '';
  for (let bar = 0; bar < PLOT_WIDTH; bar++) {
    const stretch = values.slice(Math.floor(bar * perBar), Math.floor((bar + 1) * perBar));
    const known = stretch.filter((value) => value !== null);
    const share = highest === 0 ? 0 : Math.max(0, ...known) / highest;
    bars += known.length === 0 ? ' ' : (BARS[Math.round(share * (BARS.length - 1))] ?? '');
  }
  return bars;
}

function ruleLine(rule: RuleStatus, nowMs: number): string {
  const trouble = rule.targets.find((target) => target.trouble !== '');
  const queued = rule.targets.reduce((sum, target) => sum + target.queued, 0);
  const facts = `${count(rule.matched)} matched, ${count(rule.suppressed)} suppressed, ${count(queued)} waiting, ${ago(rule.lastMatchMs, nowMs)}`;
  return `  ${shorten(rule.rule, 24).padEnd(24)}  ${trouble === undefined ? facts : `${trouble.target}: ${trouble.trouble}, ${count(queued)} waiting`}`;
}

function withRest(lines: readonly string[], inAll: number): string[] {
  const shown = lines.slice(0, MAX_LINES_OF_A_LIST);
  return inAll > shown.length ? [...shown, `  and ${count(inAll - shown.length)} more`] : shown;
}

/** The end of a path says more than its beginning. */
function shorten(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `…${characters.slice(1 - width).join('')}`;
}

function spread(left: string, right: string, columns: number): string {
  const safe = shorten(printable(left), Math.max(1, columns - right.length - 2));
  return `${safe}${right.padStart(Math.max(0, columns - [...safe].length))}`;
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text).split(' ')) {
    const pieces = word.match(new RegExp(`.{1,${columns}}`, 'gsu')) ?? [''];
    for (const piece of pieces) {
      if (line !== '' && [...line].length + 1 + [...piece].length > columns) {
        lines.push(line);
        line = piece;
      } else {
        line = line === '' ? piece : `${line} ${piece}`;
      }
    }
  }
  return [...lines, line];
}
