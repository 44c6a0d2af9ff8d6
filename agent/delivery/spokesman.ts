/** What delivery says in the agent's log: each trouble once, with the way out, however often it is met. */

import type { Logger } from '../log.ts';
import type { Body, Encoding } from './body.ts';
import type { GateState } from './gate.ts';
import { rangesOf } from './ranges.ts';

/** The same kind of trouble again within this time is not said again. */
const REPEAT_MS = 60_000;
/** Of the server's words. */
const MAX_SHOWN = 500;

export class Spokesman {
  readonly #log: Logger;
  readonly #address: (route: number) => string;
  readonly #saidMs: Map<string, number>;
  #troubled: boolean;

  constructor(log: Logger, address: (route: number) => string) {
    this.#log = log;
    this.#address = address;
    this.#saidMs = new Map();
    this.#troubled = false;
  }

  fault(state: Exclude<GateState, 'sending'>, reason: string, route: number): void {
    if (!this.#due(state)) return;
    this.#troubled = true;
    const fields = { url: this.#address(route), cause: reason.slice(0, MAX_SHOWN) };
    switch (state) {
      case 'waiting':
        this.#log.warn(
          'cannot send: the server has a fault; events are kept, and sent again until it is well',
          fields,
        );
        return;
      case 'refused':
        this.#log.error(
          'cannot send: the server refuses the credentials; events are kept, nothing is sent until they are right: ' +
            'correct PARSEABLE_USERNAME and PARSEABLE_PASSWORD or PARSEABLE_API_KEY, or the files they come from',
          fields,
        );
        return;
      case 'held':
        this.#log.error(
          'cannot send: the answer is not that of a dataset that takes events; they are kept and tried again: ' +
            'check PARSEABLE_URL, and for a full dataset raise the limit of columns or change PARSEABLE_STREAM',
          fields,
        );
    }
  }

  well(): void {
    if (!this.#troubled) return;
    this.#troubled = false;
    this.#saidMs.delete('refused');
    this.#saidMs.delete('held');
    this.#log.info('sending again');
  }

  fallback(from: Encoding, to: Encoding): void {
    this.#log.warn(
      `the server does not take ${from}: sending ${to === 'none' ? 'uncompressed' : to} from now on; nothing is lost, ` +
        'requests are larger: see what stands before the server, or set TETRASHIP_COMPRESSION',
    );
  }

  /** Always said: these rows will not be delivered. */
  lost(body: Body, why: string): void {
    const way = 'while their file is there, tetraship replay sends all of it again. Please report it';
    this.#log.error(`events are lost: ${why.slice(0, MAX_SHOWN)}; ${way}`, {
      ...{ rows: body.rowCount, ranges: rangesOf(body.rows) },
    });
  }

  /** Said once a minute: while the outbox is full it happens with every batch. */
  dropped(body: Body, lostRows: number): void {
    if (!this.#due('dropped')) return;
    this.#log.error(
      'the outbox is full: the oldest events are dropped; the server is away for too long, or TETRASHIP_OUTBOX_BYTES is too small',
      { rows: body.rowCount, ranges: rangesOf(body.rows), lostRows },
    );
  }

  #due(kind: string): boolean {
    const now = performance.now();
    const said = this.#saidMs.get(kind);
    if (said !== undefined && now - said < REPEAT_MS) return false;
    this.#saidMs.set(kind, now);
    return true;
  }
}
