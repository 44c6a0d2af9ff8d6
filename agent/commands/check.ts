/**
 * `tetraship check`: everything that an operator would otherwise find out by failing. It sends no event and no
 * notification, and changes nothing but a file of its own in the state folder, which it removes.
 */

import { type Environment, loadConfig } from '../config.ts';
import { TetrashipError } from '../errors.ts';
import { printable } from '../ops/printable.ts';
import { checkListen } from './check-listen.ts';
import { checkLogs } from './check-logs.ts';
import { checkExpressions, checkRuleFiles } from './check-rules.ts';
import { checkServer } from './check-server.ts';
import { checkState } from './check-state.ts';
import { checkTargets } from './check-targets.ts';
import { type Finding, failed, ok, warn } from './finding.ts';

export interface CheckOptions {
  readonly json?: boolean;
  /** Settings, rules and files only. */
  readonly offline?: boolean;
}

const LEVEL_WIDTH = 5;
const SUBJECT_WIDTH = 9;

/**
 * Prints what it finds; returns the exit code: 1 when something would fail.
 * @throws {TetrashipError} CONFIG, when the settings themselves are wrong, which names each of them
 */
export async function check(env: Environment, options: CheckOptions): Promise<number> {
  const { json = false, offline = false } = options;
  const findings: Finding[] = [];
  try {
    await look(env, offline, (found) => {
      findings.push(...found);
      if (!json) for (const finding of found) process.stdout.write(`${lineOf(finding)}\n`);
    });
  } catch (error) {
    if (!json || !(error instanceof TetrashipError)) throw error;
    print([failed('settings', error)]);
    return error.exitCode;
  }
  if (json) print(findings);
  else process.stdout.write(`${summaryOf(findings)}\n`);
  return findings.some(({ level }) => level === 'fail') ? 1 : 0;
}

/**
 * Looks at everything, in the order in which the agent would meet it.
 * @throws {TetrashipError} CONFIG
 */
export async function look(
  env: Environment,
  offline: boolean,
  tell: (found: readonly Finding[]) => void,
): Promise<void> {
  const config = loadConfig(env);
  const warnings = config.warnings.map((text) => warn('settings', text, ''));
  tell(warnings.length === 0 ? [ok('settings', 'every one that is set is valid')] : warnings);
  tell(checkExpressions(config));
  const { rules, findings } = checkRuleFiles(config);
  tell(findings);
  tell(checkLogs(config));
  tell(checkState(config));
  if (offline) return;
  tell(await checkListen(env, config));
  tell(await checkServer(config));
  tell(await checkTargets(config, rules));
}

function lineOf({ level, subject, text, wayOut }: Finding): string {
  const [first = '', ...more] = `${text}${wayOut === '' ? '' : `\n=> ${wayOut}`}`.split('\n');
  const indent = ' '.repeat(LEVEL_WIDTH + SUBJECT_WIDTH);
  return [
    `${level.padEnd(LEVEL_WIDTH)}${subject.padEnd(SUBJECT_WIDTH)}${printable(first)}`,
    ...more.map((line) => indent + printable(line)),
  ].join('\n');
}

function summaryOf(findings: readonly Finding[]): string {
  const count = (level: Finding['level']): number => findings.filter((one) => one.level === level).length;
  return `${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} would fail`;
}

function print(findings: readonly Finding[]): void {
  process.stdout.write(`${printable(JSON.stringify({ findings }))}\n`);
}
