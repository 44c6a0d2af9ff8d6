/** `tetraship tap`: rows or alerts as they pass through a running agent, on standard output. */

import { ExpressionError, formatError, parse } from '../../rules/parse.ts';
import type { Environment } from '../config.ts';
import { TetrashipError } from '../errors.ts';
import { printable } from '../ops/printable.ts';
import { agentUrl, openAgent, tapToken } from './agent-client.ts';

export interface TapOptions {
  readonly url?: string;
  readonly alerts?: boolean;
  readonly limit?: number;
}

const UNSEEN = /^\{"unseen":(\d+)\}$/;
const ROW_HEAD = '{"row":';
/** A row is at most 1 MiB here; more without a line end is no agent. */
const MAX_LINE_CHARACTERS = 8 * 1024 * 1024;

/**
 * Until a signal, the end of the agent, or as many as asked for.
 * @param expression of the rule language; everything without one
 * @throws {TetrashipError} RULES for what is no expression, AGENT when the agent does not answer or refuses
 */
export async function tap(
  env: Environment,
  expression: string | undefined,
  options: TapOptions,
): Promise<void> {
  if (expression !== undefined) checkExpression(expression);
  const url = agentUrl(env, options.url);
  const query = new URLSearchParams({ what: options.alerts === true ? 'alerts' : 'rows' });
  if (expression !== undefined) query.set('expression', expression);
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(0));
  process.stdout.on('error', () => process.exit(0)); // `tap | head`
  const response = await openAgent(url, `/tap?${query}`, await tapToken(env), abort.signal);
  if (response.status !== 200) throw refused(url, response.status, (await response.text()).trim());
  let shown = 0;
  for await (const line of linesOf(response)) {
    const unseen = UNSEEN.exec(line)?.[1];
    if (unseen !== undefined) {
      if (Number(unseen) > 0) process.stderr.write(`${Number(unseen)} passed unseen\n`);
      continue;
    }
    if (!process.stdout.write(`${printable(textOf(line))}\n`)) await drained();
    if (++shown >= (options.limit ?? Number.POSITIVE_INFINITY)) process.exit(0);
  }
  throw new TetrashipError(
    'AGENT',
    `the agent at ${url} has ended the connection: it stops, or was stopped. Run tap again once it is back`,
  );
}

/** A row as it is sent, digit for digit; an alert with its rule. */
function textOf(line: string): string {
  return line.startsWith(ROW_HEAD) ? line.slice(ROW_HEAD.length, -1) : line;
}

function checkExpression(text: string): void {
  try {
    parse(text);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new TetrashipError('RULES', `cannot tap: this is no expression: ${formatError(text, error)}`);
  }
}

function refused(url: string, status: number, words: string): TetrashipError {
  const way =
    status === 403
      ? `. Run it on the agent's machine (kubectl exec), or set TETRASHIP_TAP_TOKEN for the agent and here`
      : '';
  return new TetrashipError('AGENT', `the agent at ${url} refuses (${status}): ${words}${way}`);
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      yield* lines.filter((line) => line !== '');
      if (text.length > MAX_LINE_CHARACTERS) return;
    }
  } catch {
    // The connection broke: to the reader the same as its end.
  }
}

const drained = (): Promise<void> => new Promise((resolve) => process.stdout.once('drain', resolve));
