/** What the tests of alerting share. */

import { Alerts, type AlertsOptions } from '../../agent/alerts/engine.ts';
import type { TargetStats } from '../../agent/alerts/stats.ts';
import type { Logger } from '../../agent/log.ts';
import { parseDocument } from '../../rules/document.ts';

/** Keeps its lines as `level message {fields}`. */
export class LogBook implements Logger {
  readonly lines: string[] = [];
  debug(message: string, fields?: Record<string, unknown>): void {
    this.#add('debug', message, fields);
  }
  info(message: string, fields?: Record<string, unknown>): void {
    this.#add('info', message, fields);
  }
  warn(message: string, fields?: Record<string, unknown>): void {
    this.#add('warn', message, fields);
  }
  error(message: string, fields?: Record<string, unknown>): void {
    this.#add('error', message, fields);
  }
  count(beginning: string): number {
    return this.lines.filter((line) => line.startsWith(beginning)).length;
  }
  #add(level: string, message: string, fields?: Record<string, unknown>): void {
    this.lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
  }
}

export interface AlertJson {
  readonly name?: string;
  readonly message?: string;
  readonly rule?: unknown;
  readonly targets: readonly Record<string, unknown>[];
  readonly tetraship?: Record<string, unknown>;
}

/** Alerts of rules that default to a composite one with the pod in its message. */
export function createAlerts(
  alerts: readonly AlertJson[],
  options: Partial<AlertsOptions> = {},
): Alerts & AsyncDisposable {
  const defaults = { message: 'pod {pod}', rule: { type: 'composite', config: 'binary =% "/wget"' } };
  const document = {
    version: 'v1',
    alerts: alerts.map((alert, index) => ({ name: `rule-${index}`, ...defaults, ...alert })),
  };
  const engine = new Alerts({
    rules: parseDocument(JSON.stringify(document), 'rules.json'),
    stream: 'tetrademo',
    nodeName: 'node-1',
    deploymentId: '01HZ',
    log: new LogBook(),
    ...options,
  });
  return Object.assign(engine, { [Symbol.asyncDispose]: () => engine.stop(0) });
}

export function row(columns: Record<string, unknown>): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(columns));
}

/** The numbers of the first target. */
export function firstTarget(alerts: Alerts): TargetStats {
  const [target] = alerts.stats.targets;
  if (target === undefined) throw new Error('there is no target');
  return target;
}

/** Until the condition holds; its state at the end of the patience is the caller's to assert. */
export async function until(condition: () => boolean, patienceMs = 5_000): Promise<void> {
  const endMs = performance.now() + patienceMs;
  while (!condition() && performance.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 5));
}
