/** What goes wrong with the server in the soak, one thing a minute, in turn. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Receiver } from '../test/receiver/receiver.ts';

const FAULT_MS = 8000;
const SLOW_BYTES_PER_SECOND = 200_000;

interface Trouble {
  readonly name: string;
  begin(receiver: Receiver): Promise<void> | void;
  end(receiver: Receiver): Promise<void> | void;
}

const calm = (receiver: Receiver): void => {
  receiver.fault = undefined;
};

const TROUBLES: readonly Trouble[] = [
  { name: 'gone', begin: (receiver) => receiver.stop(), end: (receiver) => receiver.restart() },
  {
    name: 'answers 503',
    begin: (receiver) => {
      receiver.fault = () => ({ status: 503, body: 'overloaded' });
    },
    end: calm,
  },
  {
    name: 'takes the body and resets',
    begin: (receiver) => {
      receiver.fault = () => 'reset-before';
    },
    end: calm,
  },
  {
    name: 'never answers',
    begin: (receiver) => {
      receiver.fault = () => 'hang';
    },
    end: calm,
  },
  {
    name: 'reads slowly',
    begin: (receiver) => {
      receiver.fault = () => ({ bytesPerSecond: SLOW_BYTES_PER_SECOND });
    },
    end: calm,
  },
  {
    name: 'answers 429 with Retry-After',
    begin: (receiver) => {
      receiver.fault = () => ({ status: 429, headers: { 'retry-after': '3' } });
    },
    end: calm,
  },
];

export class Faults {
  count: number;
  /** A fault is on, or was a moment ago. */
  troubled: boolean;
  readonly names: readonly string[];
  readonly #receiver: Receiver;

  constructor(receiver: Receiver) {
    this.count = 0;
    this.troubled = false;
    this.names = TROUBLES.map(({ name }) => name);
    this.#receiver = receiver;
  }

  /** The next fault, from its begin to its end and as long again. */
  async next(): Promise<void> {
    const trouble = TROUBLES[this.count++ % TROUBLES.length];
    if (trouble === undefined) return;
    this.troubled = true;
    await trouble.begin(this.#receiver);
    await sleep(FAULT_MS);
    await trouble.end(this.#receiver);
    await sleep(FAULT_MS);
    this.troubled = false;
  }
}
