/**
 * What the agent knows of the dataset it sends to: whether the server accepts it, and which columns are there.
 *
 * The dataset refuses everything for ever once it has more than 1,000 columns, and many nodes share that
 * budget. So the names sent are remembered in the state folder, and joined with the dataset's own schema,
 * which is asked for at the start (never waited for) and again while new names appear.
 */

import { readFileSync } from 'node:fs';
import { replaceFile } from '../durable-file.ts';
import { messageOf, systemCode } from '../errors.ts';
import { MAX_NAME_BYTES } from '../limits.ts';
import type { Logger } from '../log.ts';
import type { SchemaAnswer } from './delivery.ts';

/** How soon other nodes' columns are seen while this node brings new ones. */
const REFRESH_MS = 60_000;
/** First pause after an answer that said nothing; doubled up to REFRESH_MS. */
const RETRY_MS = 1000;
/** A names file is JSON of names that take MAX_NAME_BYTES together; more is not ours. */
const MAX_FILE_BYTES = 8 * MAX_NAME_BYTES;
const VERSION = 1;

export type Acceptance = 'untried' | 'unreachable' | 'accepted' | 'refused';

export interface DatasetOptions {
  /** `names.json` in the state folder. */
  readonly file: string;
  readonly maxColumns: number;
  readonly readSchema: () => Promise<SchemaAnswer>;
  /** Columns of the dataset, to be counted into the budget; `frozen`: the dataset itself is at the limit. */
  readonly onColumns: (names: readonly string[], frozen: boolean) => void;
  readonly log: Logger;
}

export class Dataset {
  acceptance: Acceptance;
  readonly #options: DatasetOptions;
  #timer: NodeJS.Timeout | undefined;
  #pauseMs: number;
  #grown: boolean;
  #stopped: boolean;
  #toldFull: boolean;
  #toldHidden: boolean;
  #saving: Promise<void>;

  constructor(options: DatasetOptions) {
    this.acceptance = 'untried';
    this.#options = options;
    this.#timer = undefined;
    this.#pauseMs = RETRY_MS;
    this.#grown = false;
    this.#stopped = false;
    this.#toldFull = false;
    this.#toldHidden = false;
    this.#saving = Promise.resolve();
  }

  /** Names sent before. A file that cannot be used costs nothing but a fresh look at the schema. */
  load(): readonly string[] {
    const { file, log } = this.#options;
    try {
      const text = readFileSync(file, 'utf8');
      if (text.length > MAX_FILE_BYTES) throw new Error(`it has ${text.length} bytes`);
      const parsed: unknown = JSON.parse(text);
      if (typeof parsed === 'object' && parsed !== null && 'names' in parsed && Array.isArray(parsed.names)) {
        const names: readonly unknown[] = parsed.names;
        return names.filter((name) => typeof name === 'string');
      }
      throw new Error('it holds no list of names');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      log.warn(
        `cannot read the column names sent before from ${file}: ${messageOf(error)}; nothing is lost: they are learned from the server again, and the file is written anew`,
      );
      return [];
    }
  }

  /** Remembers the names sent; resolves once they are on disk, or that was told to have failed. Never rejects. */
  save(names: readonly string[]): Promise<void> {
    // In order: an older list must not come after a newer one.
    this.#saving = this.#saving.then(() => this.#write(names));
    return this.#saving;
  }

  async #write(names: readonly string[]): Promise<void> {
    const { file, log } = this.#options;
    try {
      await replaceFile(file, JSON.stringify({ version: VERSION, names }));
    } catch (error) {
      log.warn(
        `cannot remember the column names in ${file}: ${messageOf(error)}; nothing is lost: after a restart they are learned from the server again. Make room or mend the state folder`,
      );
    }
  }

  /** Asks for the schema now, without anybody waiting for it, and again as long as there is reason to. */
  start(): void {
    void this.#ask();
  }

  /** New names were brought in: other nodes may have done so too. */
  namesAdded(): void {
    this.#grown = true;
    if (this.#timer === undefined && this.acceptance === 'accepted') this.#askIn(REFRESH_MS);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #askIn(pauseMs: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#ask(), pauseMs).unref();
  }

  async #ask(): Promise<void> {
    this.#timer = undefined;
    this.#grown = false;
    const answer = await this.#options.readSchema();
    if (this.#stopped) return;
    if (answer.kind === 'columns') this.#take(answer.names);
    if (answer.kind === 'hidden') this.#tellHidden();
    if (answer.kind === 'columns' || answer.kind === 'missing' || answer.kind === 'hidden') {
      this.acceptance = 'accepted';
      this.#pauseMs = RETRY_MS;
      if (this.#grown) this.#askIn(REFRESH_MS);
      return;
    }
    this.acceptance = answer.kind === 'refused' ? 'refused' : 'unreachable';
    this.#askIn(this.#pauseMs);
    this.#pauseMs = Math.min(REFRESH_MS, this.#pauseMs * 2);
  }

  #tellHidden(): void {
    if (this.#toldHidden) return;
    this.#toldHidden = true;
    this.#options.log.warn(
      'the user may send rows but not read the schema of the dataset: columns that other nodes bring are not counted into TETRASHIP_MAX_COLUMNS, so the dataset may come to its limit, where the server refuses every event; give the user the privilege writer instead of ingestor',
    );
  }

  #take(names: readonly string[]): void {
    const { maxColumns, onColumns, log } = this.#options;
    const full = names.length >= maxColumns;
    if (full && !this.#toldFull) {
      log.warn(
        `the dataset has ${names.length} columns, TETRASHIP_MAX_COLUMNS is ${maxColumns}: further names go to the column "overflow"; nothing is lost. Put the parents of names that are data into TETRASHIP_JSON_COLUMNS`,
      );
    }
    this.#toldFull = full;
    onColumns(names, full);
  }
}
