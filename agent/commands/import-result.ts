/** What an import comes to: settings of ours, each judged by the table of settings, and what is to be known of it. */

import { ALL_OPTIONS } from '../config/options.ts';
import { formatBytes, formatDuration, Unacceptable } from '../config/values.ts';
import { MiB } from '../limits.ts';
import { cut } from './say.ts';

/** More of a foreign value helps nobody. */
const MAX_SHOWN_CHARS = 240;

export class ImportResult {
  readonly settings: Map<string, string>;
  /** Secrets: the setting, and where its text stands. */
  readonly secrets: Map<string, string>;
  /** `path: what becomes of it`. */
  readonly notes: string[];
  /** Columns that every row gets. */
  readonly columns: Map<string, string>;
  /** Whether the name of the node is to be such a column, and its name. */
  nodeColumn: string | undefined;

  constructor() {
    this.settings = new Map();
    this.secrets = new Map();
    this.notes = [];
    this.columns = new Map();
    this.nodeColumn = undefined;
  }

  note(path: string, text: string): void {
    this.notes.push(`${cut(path, MAX_SHOWN_CHARS)}: ${cut(text, MAX_SHOWN_CHARS)}`);
  }

  /** Takes a value over if the agent would start with it, and says so if not. */
  set(name: string, value: string | undefined, path: string): void {
    if (value === undefined || value === '') return;
    if (/\$\{?[A-Za-z_]/.test(value)) {
      this.note(path, `is taken from the environment (${value}): give ${name} the same value`);
      return;
    }
    const fault = faultOf(name, value);
    if (fault === undefined) this.settings.set(name, value);
    else this.note(path, `${value} is nothing for ${name}: ${fault}`);
  }

  /** Bytes, cut to what the setting accepts. */
  setBytes(name: string, bytes: number | undefined, path: string): void {
    // A disk buffer of Vector's is 32 bytes more than a round number.
    const round = bytes !== undefined && bytes > 16 * MiB ? Math.floor(bytes / MiB) * MiB : bytes;
    this.#setWithin(name, round, formatBytes, path);
  }

  setMs(name: string, ms: number | undefined, path: string): void {
    this.#setWithin(name, ms, formatDuration, path);
  }

  secret(name: string, path: string): void {
    this.secrets.set(name, path);
  }

  #setWithin(
    name: string,
    amount: number | undefined,
    format: (amount: number) => string,
    path: string,
  ): void {
    if (amount === undefined) return;
    const wanted = format(Math.round(amount));
    const nearest = within(name, Math.round(amount), format);
    if (nearest !== wanted)
      this.note(path, `${wanted} is beyond what ${name} accepts; ${nearest} is the nearest`);
    this.set(name, nearest, path);
  }
}

/** The limits stand in the words of the setting, `a size from 4KiB to 6MiB`. */
function within(name: string, amount: number, format: (amount: number) => string): string {
  const option = optionOf(name);
  const [, low, high] = /from (\S+) to (\S+)/.exec(option?.kind.accepts ?? '') ?? [];
  for (const limit of [low, high]) {
    if (option === undefined || limit === undefined) continue;
    const value = option.kind.parse(limit);
    if (typeof value !== 'number') continue;
    if (limit === low ? amount < value : amount > value) return limit;
  }
  return format(amount);
}

const optionOf = (name: string) => ALL_OPTIONS.find((option) => option.name === name);

function faultOf(name: string, value: string): string | undefined {
  const option = optionOf(name);
  if (option === undefined) return 'there is no such setting';
  if (/\p{Cc}/u.test(value)) return 'it has a line break or another control character';
  if (option.kind.accepts.includes('readable')) return undefined; // a file of the other machine
  try {
    option.kind.parse(value);
    return undefined;
  } catch (error) {
    if (!(error instanceof Unacceptable)) throw error;
    return `${error.message}; accepted: ${option.kind.accepts}`;
  }
}
