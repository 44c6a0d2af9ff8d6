/** `tetraship top`: the status of a running agent in the terminal. */

import type { Environment } from '../config.ts';
import { TetrashipError } from '../errors.ts';
import { printable } from '../ops/printable.ts';
import { renderScreen } from '../status/screen.ts';
import { STATUS_FORMAT, type Status } from '../status/status.ts';
import { agentUrl, askAgent } from './agent-client.ts';

export interface TopOptions {
  readonly url?: string;
  readonly once?: boolean;
  readonly json?: boolean;
}

const INTERVAL_MS = 1000;
/** Without a terminal: as many columns as the oldest one has, and a frame less often. */
const PLAIN_COLUMNS = 80;
const PLAIN_INTERVAL_MS = 5000;
/** The alternate screen without a cursor, and back. */
const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const REDRAW = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_REST = '\u001b[J';

/**
 * Until a signal, or once.
 * @throws {TetrashipError} AGENT when nobody answers the first time
 */
export async function top(env: Environment, options: TopOptions): Promise<void> {
  const { stdout } = process;
  const url = agentUrl(env, options.url);
  const first = await readStatus(url);
  if (options.json === true) {
    stdout.write(`${printable(JSON.stringify(first))}\n`);
    if (options.once === true) return;
  }
  const onTerminal = stdout.isTTY && options.once !== true && options.json !== true;
  const colour = stdout.isTTY && (env['NO_COLOR'] ?? '') === '';
  const show = (status: Status | string): void => {
    const columns = stdout.isTTY ? Math.max(40, stdout.columns) : PLAIN_COLUMNS;
    const lines =
      typeof status === 'string' ? [printable(status)] : renderScreen(status, { columns, colour });
    if (!onTerminal) stdout.write(`${lines.join('\n')}\n`);
    else
      stdout.write(
        `${REDRAW}${lines.slice(0, Math.max(1, stdout.rows - 1)).join(`${CLEAR_LINE}\n`)}${CLEAR_LINE}\n${CLEAR_REST}`,
      );
  };
  if (options.once === true) {
    show(first);
    return;
  }
  // A reader that has seen enough ends us, and it is no fault.
  stdout.on('error', () => process.exit(0));
  const leave = (): void => {
    if (onTerminal) stdout.write(LEAVE);
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, leave);
  if (onTerminal) stdout.write(ENTER);
  if (options.json !== true) show(first);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, onTerminal ? INTERVAL_MS : PLAIN_INTERVAL_MS));
    try {
      const status = await readStatus(url);
      if (options.json === true) stdout.write(`${printable(JSON.stringify(status))}\n`);
      else show(status);
    } catch (error) {
      if (!(error instanceof TetrashipError)) throw error;
      if (options.json === true) throw error;
      show(error.message);
    }
    if (!onTerminal && options.json !== true) stdout.write('\n');
  }
}

/** @throws {TetrashipError} AGENT when nobody answers, or something else than an agent of this version's format */
export async function readStatus(url: string): Promise<Status> {
  const { status, text } = await askAgent(url, '/status.json');
  const page = status === 200 ? parsed(text) : undefined;
  if (isStatus(page)) return page;
  throw new TetrashipError(
    'AGENT',
    `what answers at ${url} is no agent that this version understands (status ${status}). Use the tetraship of the same version as the agent`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** By the number of its format: what stands behind it was written by this program. */
function isStatus(page: unknown): page is Status {
  return typeof page === 'object' && page !== null && 'format' in page && page.format === STATUS_FORMAT;
}
