/**
 * The agent's own log, on standard error: pino's JSON, or text for people. Whatever goes in, one message is one
 * line, nothing in it acts on a terminal, and no secret is in it.
 */

import { writeSync } from 'node:fs';
import { type DestinationStream, pino } from 'pino';
import { systemCode } from '../errors.ts';
import type { Logger } from '../log.ts';
import { LogMemory } from './log-memory.ts';
import { HIDDEN, masked } from './masking.ts';
import { printable, withoutUserInfo } from './printable.ts';
import { type Level, Repeats } from './repeats.ts';

const STDERR = 2;
/** A message or field is cut to this: an event of a megabyte is no log message. */
const MAX_TEXT_CHARACTERS = 4096;
/** Errors point at their causes; a chain longer than this is a loop. */
const MAX_CAUSES = 5;

export interface LoggerOptions {
  readonly level: Level;
  readonly format: 'json' | 'text';
  /** Texts that no line may hold, as they are now. */
  readonly secrets?: () => readonly string[];
  /** Takes one finished line; standard error unless a test looks. */
  readonly write?: (line: string) => void;
}

export interface AgentLogger extends Logger {
  /** What was written last. */
  readonly memory: LogMemory;
  /** Writes the sums of what was said repeatedly: before the process ends. */
  flush(): void;
}

export function createLogger(options: LoggerOptions): AgentLogger {
  const { level, format, secrets = () => [], write = writeStderr } = options;
  const memory = new LogMemory();
  let writing: Level = 'info';
  const destination: DestinationStream = {
    write: (json) => {
      const hidden = secrets();
      const text = textLine(json);
      const line = masked(`${format === 'text' ? text.line : printable(json.trimEnd())}\n`, hidden);
      memory.add(writing, line, masked(text.said, hidden));
      write(line);
    },
  };
  const log = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const showStacks = level === 'debug';
  const say = (name: Level, message: string, fields: Record<string, unknown> | undefined): void => {
    const text = withoutUserInfo(cut(message));
    writing = name;
    if (fields === undefined) log[name](text);
    else log[name](cleanFields(fields, showStacks), text);
  };
  const repeats = new Repeats(say);
  const at =
    (name: Level) =>
    (message: string, fields?: Record<string, unknown>): void => {
      if (!log.isLevelEnabled(name)) return;
      if (name === 'debug') say(name, message, fields);
      else repeats.hear(name, message, fields);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    memory,
    flush: () => repeats.flush(),
  };
}

/** A full pipe whose reader does not come back costs a line, never the agent. */
const FULL_PIPE_TRIES = 20;
const FULL_PIPE_PAUSE_MS = 5;

/** Synchronous: an agent that is about to exit must have said why. A closed standard error loses the line only. */
function writeStderr(line: string): void {
  let rest = Buffer.from(line);
  for (let tries = 0; rest.length > 0 && tries < FULL_PIPE_TRIES; ) {
    try {
      rest = rest.subarray(writeSync(STDERR, rest));
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') return;
      tries++;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_PAUSE_MS);
    }
  }
}

/** No field can stand in for what pino writes itself. */
const OWN_KEYS: ReadonlySet<string> = new Set(['level', 'time', 'message']);
const SECRET_KEY = /passw|secret|token|authorization|api_?key|cookie/i;

function cleanFields(fields: Record<string, unknown>, showStacks: boolean): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    const free = OWN_KEYS.has(key) ? `${key}_` : key;
    clean[free] = SECRET_KEY.test(key) ? HIDDEN : cleanValue(value, showStacks);
  }
  return clean;
}

function cleanValue(value: unknown, showStacks: boolean): unknown {
  if (value instanceof Error)
    return showStacks ? cut(value.stack ?? value.message) : withoutUserInfo(cut(causes(value)));
  if (typeof value === 'string') return withoutUserInfo(cut(value));
  if (typeof value === 'bigint') return String(value);
  return value;
}

/** The messages of an error and its causes: what failed, and why below. */
function causes(error: Error): string {
  const messages = new Set<string>();
  let at: unknown = error;
  for (let depth = 0; at instanceof Error && depth < MAX_CAUSES; depth++) {
    messages.add(at.message);
    at = at.cause;
  }
  return [...messages].join(': ');
}

function cut(text: string): string {
  return text.length > MAX_TEXT_CHARACTERS ? `${text.slice(0, MAX_TEXT_CHARACTERS)}…` : text;
}

/** `2026-01-02T03:04:05.678Z WARN  cannot reach the server url="http://…"` from pino's JSON line. */
function textLine(json: string): { readonly line: string; readonly said: string } {
  const { time, level, message, ...fields } = parsed(json);
  const shown = Object.entries(fields).map(
    ([key, value]) => ` ${printable(key)}=${printable(JSON.stringify(value) ?? '')}`,
  );
  const said = `${printable(String(message ?? ''))}${shown.join('')}`;
  return { line: `${time} ${String(level).toUpperCase().padEnd(5)} ${said}`, said };
}

function parsed(json: string): Record<string, unknown> {
  const value: unknown = JSON.parse(json);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
