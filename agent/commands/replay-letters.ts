/**
 * `tetraship replay --dead-letters`: file by file, the oldest first. A line that the kernel refused goes through the
 * kernel again, a row that the server refused is sent unchanged. What fails again stays, with the newest answer; a
 * file is replaced once all of it is decided, so that an interruption at any instant loses no letter.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, type Environment, loadConfig, secretTexts } from '../config.ts';
import { Dataset } from '../delivery/dataset.ts';
import type { SchemaAnswer } from '../delivery/delivery.ts';
import { letterFiles, readLetterFile, replaceLetterFile } from '../delivery/letter-folder.ts';
import { printLetter, type StoredLetter } from '../delivery/letter-format.ts';
import { TetrashipError } from '../errors.ts';
import { lockStateFolder, StateHeldError, type StateLock } from '../intake/lock.ts';
import type { Logger } from '../log.ts';
import { createLogger } from '../ops/logger.ts';
import { deliveryOptions, kernelOptions } from '../pipeline-options.ts';
import { LetterRows } from './replay-rows.ts';
import { LetterSender, type Sent } from './replay-sender.ts';
import { say } from './say.ts';

/** EX_DATAERR of sysexits: it was done, and some of it failed again. */
const EXIT_SOME_STAY = 65;
const EXIT_ENDED_EARLY = 1;

/** A server that takes nothing for this long ends the command. */
const PATIENCE_MS = 60_000;

/** What became of the letters. */
interface Tally {
  files: number;
  letters: number;
  sent: number;
  /** Kept back by the settings, or blank: nothing was left to be sent. */
  dropped: number;
  /** The server refused them again. */
  refused: number;
  /** The kernel refused them again, or they hold neither a whole line nor a row. */
  rejected: number;
  /** Lines that are no letters. */
  unreadable: number;
  /** Not decided: interrupted, or the server is away. */
  unsent: number;
}

export interface LetterSettings {
  readonly isJson: boolean;
  readonly patienceMs?: number;
}

/**
 * Returns the exit code: 0 when no letter is left, 65 when some stay, 1 when it ended early.
 * @throws {TetrashipError} CONFIG, or STATE when the folder is in use or cannot be read
 */
export async function replayDeadLetters(env: Environment, settings: LetterSettings): Promise<number> {
  const config = loadConfig(env);
  const lock = lockFor(config.stateDir);
  try {
    const folder = join(config.stateDir, 'deadletters');
    const files = letterFiles(folder);
    const replay = new Replay(config, settings.patienceMs ?? PATIENCE_MS);
    const end = files.length === 0 ? '' : await replay.run(files);
    const { tally } = replay;
    if (settings.isJson) say(JSON.stringify({ folder, ...tally, end }));
    else say(inWords(tally, folder, end));
    if (end !== '') return EXIT_ENDED_EARLY;
    return tally.refused + tally.rejected + tally.unreadable > 0 ? EXIT_SOME_STAY : 0;
  } finally {
    lock.release();
  }
}

/** The agent writes to the same files: one of both at a time. */
function lockFor(stateDir: string): StateLock {
  if (!existsSync(stateDir)) {
    throw new TetrashipError(
      'STATE',
      `cannot replay: there is no state folder ${stateDir}; set TETRASHIP_STATE_DIR to that of the agent`,
    );
  }
  try {
    return lockStateFolder(stateDir);
  } catch (error) {
    if (!(error instanceof StateHeldError)) throw error;
    throw new TetrashipError(
      'STATE',
      `cannot replay: the agent (${error.holder}) uses ${stateDir}; nothing was sent. ` +
        'Stop it, replay, and start it again: it goes on where it stopped',
    );
  }
}

class Replay {
  readonly tally: Tally;
  readonly #config: Config;
  readonly #log: Logger;
  readonly #sender: LetterSender;

  constructor(config: Config, patienceMs: number) {
    this.tally = {
      ...{ files: 0, letters: 0, sent: 0, dropped: 0 },
      ...{ refused: 0, rejected: 0, unreadable: 0, unsent: 0 },
    };
    this.#config = config;
    const { logLevel: level, logFormat: format, batchBytes } = config;
    this.#log = createLogger({ level, format, secrets: () => secretTexts(config) });
    const { spool: _, ...options } = deliveryOptions(config);
    this.#sender = new LetterSender({ ...options, log: this.#log, batchBytes, patienceMs });
  }

  /** Returns why it ended early, or `''`. */
  async run(files: readonly string[]): Promise<string> {
    const onSignal = () => this.#sender.end('interrupted');
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal);
    try {
      const schema = await this.#sender.readSchema();
      if (schema.kind === 'refused') return 'the server refuses the credentials';
      if (schema.kind === 'unknown') return `the server does not answer: ${schema.reason}`;
      await this.#replayAll(files, schema.kind === 'columns' ? schema.names : []);
      return this.#sender.ended;
    } finally {
      await this.#sender.close();
    }
  }

  async #replayAll(files: readonly string[], columns: readonly string[]): Promise<void> {
    const { stateDir, maxColumns } = this.#config;
    const unasked = async (): Promise<SchemaAnswer> => ({ kind: 'missing' });
    const dataset = new Dataset({
      ...{ file: join(stateDir, 'names.json'), maxColumns, log: this.#log },
      ...{ readSchema: unasked, onColumns: () => undefined },
    });
    const names = dataset.load();
    const rows = await LetterRows.create({
      ...kernelOptions(this.#config),
      names: [...names, ...columns],
      frozen: columns.length >= maxColumns,
    });
    for (const file of files) {
      await this.#replayFile(file, rows);
      if (this.#sender.ended !== '') break;
    }
    if (rows.names().length > names.length) await dataset.save(rows.names());
  }

  async #replayFile(file: string, rows: LetterRows): Promise<void> {
    const { tally } = this;
    const lines = readLetterFile(file);
    const kept = new Map<number, Uint8Array>();
    const waiting: { readonly at: number; readonly letter: StoredLetter; readonly row: Uint8Array }[] = [];
    tally.files++;
    lines.forEach(({ bytes, letter }, at) => {
      if (letter === undefined) {
        tally.unreadable++;
        kept.set(at, bytes);
        return;
      }
      tally.letters++;
      const made = rows.rowOf(letter);
      if (made.kind === 'row') waiting.push({ at, letter, row: made.row });
      else if (made.kind === 'nothing') tally.dropped++;
      else {
        tally.rejected++;
        kept.set(at, bytes);
      }
    });
    const answers = await this.#sender.send(waiting.map(({ row }) => row));
    waiting.forEach(({ at, letter, row }, i) => {
      const answer: Sent = answers[i] ?? { kind: 'unsent' };
      tally[answer.kind]++;
      if (answer.kind === 'unsent') kept.set(at, lines[at]?.bytes ?? new Uint8Array());
      if (answer.kind === 'refused') kept.set(at, again(letter, row, answer));
    });
    if (kept.size === lines.length && !waiting.some(({ at }) => kept.get(at) !== lines[at]?.bytes)) return;
    await replaceLetterFile(
      file,
      [...kept].sort(([a], [b]) => a - b).map(([, bytes]) => bytes),
    );
  }
}

/** The letter with the server's newest words. */
function again(
  letter: StoredLetter,
  row: Uint8Array,
  { status, message }: Extract<Sent, { kind: 'refused' }>,
): Uint8Array {
  const { node } = letter;
  return printLetter({ ...letter, reason: 'refused', status, message, row }, node, new Date(), Infinity);
}

function inWords(tally: Tally, folder: string, end: string): string {
  const { letters, files, sent, dropped, refused, rejected, unreadable, unsent } = tally;
  if (files === 0 && end === '') return `no dead letters in ${folder}`;
  const parts = [`${letters} dead letters in ${files} files: ${sent} sent`];
  const add = (count: number, what: string) => {
    if (count > 0) parts.push(`${count} ${what}`);
  };
  add(dropped, 'are kept back by the settings and gone');
  add(refused, 'refused by the server again and kept');
  add(rejected, 'still no events and kept');
  add(unsent, 'not sent and kept');
  add(unreadable, 'lines that are no letters kept');
  return parts.join(', ') + (end === '' ? '' : `\nended early: ${end}; run it again to go on`);
}
