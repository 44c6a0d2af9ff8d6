/**
 * From sealed batches to acknowledged rows: the one door to encoding, outbox, spool and sink.
 *
 *     accept ─► encode ─► outbox ─► sink ─► Parseable
 *                          │ ▲       └────► dead letters
 *                          ▼ │
 *                         spool
 *
 * Promises: when `accept` resolves, the batch's memory may be reused; every row of it is delivered, stands durably
 * in the spool or in the dead letters, or is counted as lost with its place before `onSettled` names the batch.
 * What is not settled when the agent stops is read again by the next one. Memory is bounded by the outbox plus
 * one body that waits to enter it, disk by the spool's own bound.
 */

import { messageOf, TetrashipError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { Backlog } from './backlog.ts';
import type { Encoding, RowTable } from './body.ts';
import { Client, type ClientOptions } from './client.ts';
import type { DeadLetters, LineReader } from './deadletter.ts';
import { Encoder } from './encode.ts';
import { Batch, Job } from './outbox.ts';
import { Sink, type SinkState } from './sink.ts';
import { Spool, type SpoolOptions } from './spool.ts';
import { DeliveryStats } from './stats.ts';

export interface RawBatch {
  readonly sequence: number;
  /** `[row,row]`, a view that is valid until `accept` resolves. */
  readonly raw: Uint8Array;
  /** `raw` as a zstd frame, made by who knows its rows; undefined: a general compressor has to. */
  readonly zstd?: () => Uint8Array | undefined;
  /** Owned. */
  readonly rows: RowTable;
  readonly rowCount: number;
  readonly sealedAtMs: number;
  /** Epoch milliseconds; NaN when no event had a `time`. */
  readonly lastEventTimeMs: number;
}

export type SpoolSettings = Pick<SpoolOptions, 'folder' | 'maxBytes' | 'disk' | 'diskRetryMs'>;

export interface DeliveryOptions extends ClientOptions {
  readonly compression: Encoding;
  /** Longest pause between two tries. */
  readonly retryMaxMs: number;
  readonly outboxBytes: number;
  /** With `drop_oldest` the oldest events are given up for new ones once spool, or outbox without one, is full. */
  readonly whenFull: 'block' | 'drop_oldest';
  /** Without it, memory alone has to do. */
  readonly spool?: SpoolSettings | undefined;
  readonly deadLetters: Pick<DeadLetters, 'append' | 'flush'>;
  readonly log: Logger;
  /** The batch is delivered, dead-lettered or counted as lost: the checkpoint may pass it. */
  readonly onSettled: (sequence: number) => void;
  /** The line of a dead letter, if its file can still be read. */
  readonly lineOf?: LineReader | undefined;
}

/** What the dataset's schema says, or why it is not known. */
export type SchemaAnswer =
  | { readonly kind: 'columns'; readonly names: readonly string[] }
  /** The dataset does not exist yet: the first batch makes it. */
  | { readonly kind: 'missing' }
  /** The user may send rows, and not read the schema: a right of its own at the server. */
  | { readonly kind: 'hidden' }
  /** 401 or 403. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'unknown'; readonly reason: string };

export class Delivery {
  readonly stats: DeliveryStats;
  readonly #options: DeliveryOptions;
  readonly #client: Client;
  readonly #encoder: Encoder;
  readonly #sink: Sink;
  readonly #spool: Spool | undefined;
  readonly #backlog: Backlog;
  /** One batch at a time: order, and at most one body outside the outbox. */
  #last: Promise<void>;
  #stopped: boolean;

  constructor(options: DeliveryOptions) {
    this.stats = new DeliveryStats();
    this.#options = options;
    this.#client = new Client(options, this.stats);
    this.#encoder = new Encoder();
    this.#sink = new Sink({
      ...options,
      client: this.#client,
      encoder: this.#encoder,
      stats: this.stats,
      routes: options.urls.length,
    });
    const { log, spool, whenFull } = options;
    const dropOldest = whenFull === 'drop_oldest';
    this.#spool = spool && new Spool({ ...spool, dropOldest, log, stats: this.stats });
    this.#backlog = new Backlog({
      ...{ outbox: this.#sink.outbox, spool: this.#spool, whenFull },
      isTroubled: () => this.#sink.gate.state !== 'sending',
      drop: (job) => this.#sink.drop(job),
    });
    this.#last = Promise.resolve();
    this.#stopped = false;
  }

  /** `idle` before start, then what the server is like. */
  get state(): SinkState {
    return this.#sink.state;
  }

  /** Why the state is not `sending`, in words that come from the server or the network; else `''`. */
  get reason(): string {
    return this.#sink.gate.reason;
  }

  /** When the server became like that, epoch milliseconds. */
  get sinceMs(): number {
    return this.#sink.gate.sinceMs;
  }

  /** What new bodies are encoded in: simpler than configured once the server has refused that. */
  get encoding(): Encoding {
    return this.#sink.learned.encoding;
  }

  /** A batch waits for room: this is the back-pressure. */
  get full(): boolean {
    return this.#backlog.full;
  }

  /** The spool's counters and bytes; undefined without one. */
  get spool(): Pick<Spool, 'stats' | 'health' | 'usedBytes' | 'full'> | undefined {
    return this.#spool;
  }

  /** The disk's last failure in words; `''` while the spool works. */
  get spoolTrouble(): string {
    return this.#spool?.health.trouble ?? '';
  }

  /**
   * Begins to send, first what an earlier run left in the spool.
   * @throws {TetrashipError} STATE when the spool was written by a newer version
   */
  start(): void {
    this.#spool?.open();
    this.#sink.start();
    this.#backlog.start();
  }

  /**
   * Takes a batch. Resolves when its memory may be reused, which waits while the outbox is full.
   * @throws {TetrashipError} when delivery was stopped meanwhile: the batch stays unsettled
   */
  accept(batch: RawBatch): Promise<void> {
    const taken = this.#last.then(() => this.#take(batch));
    this.#last = taken.catch(() => undefined);
    return taken;
  }

  /**
   * Sends what is there for at most `graceMs`, then cuts the connections and puts the rest into the spool.
   * Resolves to what stays behind unsettled.
   */
  async stop(graceMs: number): Promise<{ batches: number; rows: number }> {
    const endMs = performance.now() + graceMs;
    this.#backlog.stopLoading();
    this.#sink.hurry();
    // Batches that are being encoded or wait for room belong to what is there.
    await within(graceMs, this.#last);
    await this.#sink.stop(Math.max(0, endMs - performance.now()));
    this.#stopped = true;
    this.#backlog.close(stoppedError());
    await this.#last;
    await this.#backlog.storeAll();
    await this.#spool?.close();
    this.#encoder.close();
    const left = this.#sink.outbox.jobs.filter(({ batch }) => !batch.isDurable);
    return {
      batches: new Set(left.map(({ batch }) => batch)).size,
      rows: left.reduce((rows, { body }) => rows + body.rowCount, 0),
    };
  }

  /** Asks for the dataset's columns; also the way to try the credentials without sending anything. */
  async readSchema(): Promise<SchemaAnswer> {
    const answer = await this.#client.get(
      0,
      `/api/v1/logstream/${encodeURIComponent(this.#options.stream)}/schema`,
    );
    if (answer.kind === 'fault') return { kind: 'unknown', reason: `${answer.message} (${answer.code})` };
    if (isRefusal(answer.status)) {
      const knock = await this.#client.knock(0);
      return { kind: knock.kind === 'answer' && knock.status === 400 ? 'hidden' : 'refused' };
    }
    if (answer.status === 404) return { kind: 'missing' };
    const names = answer.status === 200 ? columnNames(answer.text) : undefined;
    return names === undefined
      ? { kind: 'unknown', reason: `status ${answer.status}` }
      : { kind: 'columns', names };
  }

  async #take({ sequence, raw, zstd, rows, rowCount, sealedAtMs, lastEventTimeMs }: RawBatch): Promise<void> {
    if (this.#stopped) throw stoppedError();
    if (rowCount === 0) {
      // Every line of it was a reject, blank or filtered: an empty array must never be sent.
      this.#settled(sequence);
      return;
    }
    const { encoding } = this.#sink.learned;
    const made = encoding === 'zstd' ? this.#packed(zstd) : undefined;
    const bytes = made ?? (await this.#encoder.encode(raw, encoding));
    const rawLength = raw.length;
    const body = { sequence, encoding, bytes, rawLength, rowCount, rows, sealedAtMs, lastEventTimeMs };
    await this.#backlog.accept(new Job(new Batch(false, () => this.#settled(sequence)), body));
  }

  /** A fault of the packer, ours, must not stop the same rows again and again: they have another way. */
  #packed(zstd: RawBatch['zstd']): Uint8Array | undefined {
    try {
      return zstd?.();
    } catch (error) {
      this.#options.log.error(
        `a fault of tetraship: cannot pack a batch: ${messageOf(error)}; it is compressed by zlib instead, and nothing is lost. Please report it`,
      );
      return undefined;
    }
  }

  #settled(sequence: number): void {
    this.stats.batchesSettled++;
    this.#options.onSettled(sequence);
  }
}

const isRefusal = (status: number): boolean => status === 401 || status === 403;

/** Waits for the work, but not longer than this. */
async function within(timeoutMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work, end]);
  clearTimeout(timer);
}

function stoppedError(): TetrashipError {
  return new TetrashipError(
    'DELIVERY',
    'cannot take a batch: sending has stopped; its lines are read again by the next start',
  );
}

/** Names in `{"fields":[{"name":…}]}`; undefined when the answer is something else. */
function columnNames(text: string): string[] | undefined {
  let page: unknown;
  try {
    page = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof page !== 'object' || page === null || !('fields' in page) || !Array.isArray(page.fields))
    return undefined;
  const fields: readonly unknown[] = page.fields;
  const names: string[] = [];
  for (const field of fields) {
    if (typeof field === 'object' && field !== null && 'name' in field && typeof field.name === 'string') {
      names.push(field.name);
    }
  }
  return names;
}
