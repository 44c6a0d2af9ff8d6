/** What delivery counts: plain fields, read at scrape. */

/** Upper bounds of the request duration buckets, in seconds; the last bucket is everything above. */
export const DURATION_BOUNDS_S: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];

/** Statuses and network codes seen: a hostile answer must not make a label without end. */
const MAX_CODES = 64;

/** `dropped`: for room. `damaged`: in the spool. `unsendable`: by an error of our own, again and again. */
export type LossReason = 'dropped' | 'damaged' | 'unsendable';

export class DeliveryStats {
  /** Requests by status or network code; ingest only. */
  readonly requests: Map<string, number>;
  /** Requests per bucket of `DURATION_BOUNDS_S`, not cumulative; one more than there are bounds. */
  readonly durationCounts: number[];
  durationSumS: number;
  /** Rows that the server acknowledged. */
  rowsDelivered: number;
  /** Delivered, spooled, dead-lettered or lost to the last row. */
  batchesSettled: number;
  /** Bytes of acknowledged bodies before encoding, and as sent. */
  deliveredBytes: number;
  sentBytes: number;
  /** Bytes that went to the server in all tries. */
  wireBytes: number;
  /** Tries that will be made again. */
  retries: number;
  /** Bodies cut in two: too large, or on the way to an event that the server refuses. */
  splits: number;
  rowsDeadLettered: number;
  /** Rows given up, by reason. */
  readonly lost: Record<LossReason, number>;
  outboxBytes: number;
  /** Bodies and pieces of bodies in memory. */
  outboxBodies: number;
  /** Wall clock of the last acknowledgement, and `time` of the newest event in it; NaN before the first. */
  lastAckMs: number;
  lastAckedEventMs: number;
  credentialsRefused: boolean;

  constructor() {
    this.requests = new Map();
    this.durationCounts = new Array<number>(DURATION_BOUNDS_S.length + 1).fill(0);
    this.durationSumS = 0;
    this.rowsDelivered = 0;
    this.batchesSettled = 0;
    this.deliveredBytes = 0;
    this.sentBytes = 0;
    this.wireBytes = 0;
    this.retries = 0;
    this.splits = 0;
    this.rowsDeadLettered = 0;
    this.lost = { dropped: 0, damaged: 0, unsendable: 0 };
    this.outboxBytes = 0;
    this.outboxBodies = 0;
    this.lastAckMs = Number.NaN;
    this.lastAckedEventMs = Number.NaN;
    this.credentialsRefused = false;
  }

  /** Rows given up, for whatever reason. */
  get rowsLost(): number {
    return this.lost.dropped + this.lost.damaged + this.lost.unsendable;
  }

  countRequest(code: string, durationMs: number): void {
    const label = this.requests.has(code) || this.requests.size < MAX_CODES ? code : 'other';
    this.requests.set(label, (this.requests.get(label) ?? 0) + 1);
    const seconds = durationMs / 1000;
    this.durationSumS += seconds;
    let bucket = 0;
    while (seconds > (DURATION_BOUNDS_S[bucket] ?? Number.POSITIVE_INFINITY)) bucket++;
    this.durationCounts[bucket] = (this.durationCounts[bucket] ?? 0) + 1;
  }
}

export class SpoolStats {
  writtenRecords: number;
  readRecords: number;
  /** Lost to damage: records, and the rows of those of which they are known. */
  damagedRecords: number;
  damagedRows: number;
  /** Given up for room. */
  droppedRecords: number;
  droppedRows: number;
  /** When the record read last was written, epoch milliseconds; NaN when nothing was read. */
  readCreatedMs: number;

  constructor() {
    this.writtenRecords = 0;
    this.readRecords = 0;
    this.damagedRecords = 0;
    this.damagedRows = 0;
    this.droppedRecords = 0;
    this.droppedRows = 0;
    this.readCreatedMs = Number.NaN;
  }
}
