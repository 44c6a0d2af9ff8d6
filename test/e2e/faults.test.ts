/** The agent as a process, and a server with one fault after another: nothing lost, memory bounded, and back soon. */

import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Generator } from '../../bench/generator.ts';
import { createReceiver, type Fault, type Receiver } from '../receiver/index.ts';
import { AgentProcess, Workplace } from './agent.ts';

/** Written in the middle of each fault: six times what memory may hold. */
const EVENTS = 1500;
const KiB = 1024;
const OUTBOX_BYTES = 64 * KiB;
const BATCH_BYTES = 64 * KiB;
const RETRY_MAX_MS = 500;
/** How long a fault lasts once requests have met it. */
const FAULT_MS = 700;
const REQUESTS_UNDER_FAULT = 3;
/** Beyond the longest pause, on a machine that does other things too. */
const RECOVERY_LIMIT_MS = 15_000;
/** From the sources, with the code that strips types; `dist/` takes half. */
const RSS_LIMIT_MIB = 220;

let place: Workplace;
let receiver: Receiver;
let agent: AgentProcess;
const generator = new Generator({ seed: 31, size: 2.3 });
let written = 0;
let totalPoison = 0;
let peak = 0;

beforeAll(async () => {
  place = new Workplace();
  receiver = await createReceiver({ store: 'keys' });
  writeFileSync(place.join('tetragon.log'), '');
  agent = new AgentProcess(place, {
    PARSEABLE_URL: receiver.url,
    TETRAGON_LOG: place.join('tetragon.log'),
    TETRASHIP_BATCH_BYTES: '64KiB',
    TETRASHIP_OUTBOX_BYTES: '64KiB',
    // Long enough that a busy machine answers in time: an answer that comes late is a row that comes twice.
    TETRASHIP_REQUEST_TIMEOUT: '1s',
    TETRASHIP_RETRY_MAX: `${RETRY_MAX_MS}ms`,
  });
  await agent.url();
});

afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  await receiver.stop();
  place[Symbol.dispose]();
});

function write(count: number): void {
  appendFileSync(place.join('tetragon.log'), Array.from({ length: count }, () => generator.next()).join(''));
  written += count;
}

function peakMiB(): number {
  const status = readFileSync(`/proc/${agent.child.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / KiB;
}

interface Case {
  readonly begin: () => Promise<void> | void;
  readonly end: () => Promise<void> | void;
  /** The fault stores what it does not acknowledge. */
  readonly repeats?: boolean;
  /** Of the events of this case, numbered from 0. */
  readonly poison?: readonly number[];
}

const answers = (fault: Fault): Case => ({
  begin: () => {
    receiver.fault = ({ index }) => (index < 0 ? undefined : fault);
  },
  end: () => {
    receiver.fault = undefined;
  },
});

/** The body of each request with one of these events gets the fault. */
function poisoned(fault: Fault, poison: readonly number[]): Case {
  return {
    poison,
    begin: () => {
      const keys = new Set(poison.map((number) => `seq-${written + number}`));
      receiver.faultRows = (rows) =>
        rows.some((row) => keys.has(String(row['cluster_name']))) ? fault : undefined;
    },
    // It stays until each of them was met.
    end: () => undefined,
  };
}

const cases: Readonly<Record<string, Case>> = {
  'connections refused': { begin: () => receiver.stop(), end: () => receiver.restart() },
  'a reset at the headers': answers('refuse'),
  'requests that hang': answers('hang'),
  'a reset before the body was stored': answers('reset-before'),
  'a reset after the body was stored': { ...answers('reset-after'), repeats: true },
  'answers that never come for a stored body': { ...answers('hang-after'), repeats: true },
  '429 with Retry-After': answers({ status: 429, headers: { 'retry-after': '1' } }),
  '500 with words': answers({ status: 500, body: 'Failed to write: no space' }),
  'status 503': answers({ status: 503 }),
  '50 KB a second': answers({ bytesPerSecond: 50_000 }),
  '413 at a lowered limit': {
    begin: () => {
      receiver.maxBodyBytes = 16 * KiB;
    },
    end: () => {
      receiver.maxBodyBytes = 10 * KiB * KiB;
    },
  },
  'events answered with 400': poisoned({ status: 400, body: 'no such event' }, [3, 700, 701]),
  'events answered with 500': poisoned({ status: 500, body: 'cannot flatten' }, [20, 900]),
  'events that cut the connection': poisoned('reset-before', [1200]),
};

describe('the server', () => {
  test.each(Object.entries(cases))(
    '%s',
    { timeout: 60_000 },
    async (name, { begin, end, repeats, poison = [] }) => {
      const first = written;
      const duplicates = receiver.duplicates;
      const letters = (await agent.metric('tetraship_dead_letters_total')) || 0;
      const lost = await agent.metric('tetraship_rows_lost_total');
      await begin();
      const requests = receiver.requests;
      write(EVENTS);
      const overMs = performance.now() + FAULT_MS;
      let outboxBytes = 0;
      let spoolBytes = 0;
      const look = async () => {
        outboxBytes = Math.max(outboxBytes, await agent.metric('tetraship_outbox_bytes'));
        spoolBytes = Math.max(spoolBytes, await agent.metric('tetraship_spool_bytes'));
      };
      const isMet = () =>
        receiver.requests >= requests + REQUESTS_UNDER_FAULT || name === 'connections refused';
      while (performance.now() < overMs || !isMet()) await look();
      await end();
      const endMs = performance.now();
      const accepted = receiver.accepted;
      await receiver.waitFor(
        () => receiver.accepted > accepted || receiver.keys.unique >= written - totalPoison,
        30_000,
      );
      const firstMs = performance.now() - endMs;
      totalPoison += poison.length;
      await receiver.waitForKeys(written - totalPoison, 30_000);
      const allMs = performance.now() - endMs;
      await agent.waitForMetric(
        'tetraship_dead_letters_total',
        (count) => (count || 0) === letters + poison.length,
      );
      // What was stored without an answer comes a second time, maybe only now: it must not count against the next case.
      for (const waiting of ['tetraship_outbox_bytes', 'tetraship_spool_bytes'])
        await agent.waitForMetric(waiting, (bytes) => bytes === 0);
      await look();
      receiver.faultRows = undefined;

      console.log(
        `${name}: sending again after ${firstMs.toFixed(0)} ms, all there after ${allMs.toFixed(0)} ms; ` +
          `${receiver.duplicates - duplicates} rows twice, at most ${(outboxBytes / KiB).toFixed(0)} KiB in memory and ` +
          `${(spoolBytes / KiB).toFixed(0)} KiB on disk`,
      );
      expect(receiver.keys.missing(first, written, 20)).toEqual(poison.map((number) => first + number));
      expect(await agent.metric('tetraship_rows_lost_total')).toBe(lost);
      expect(firstMs).toBeLessThan(RECOVERY_LIMIT_MS);
      if (repeats !== true) expect(receiver.duplicates).toBe(duplicates);
      // One body beside the outbox, and what a body that was cut grows by.
      expect(outboxBytes).toBeLessThanOrEqual(OUTBOX_BYTES + BATCH_BYTES);
      peak = peakMiB();
      expect(peak).toBeLessThan(RSS_LIMIT_MIB);
      expect(receiver.violations).toEqual([]);
    },
  );

  test('and in the end the disk is empty, each refused event is in a dead letter, and the agent stops well', async () => {
    await agent.waitForMetric('tetraship_lag_bytes', (bytes) => bytes === 0);
    expect(await agent.stop()).toBe(0);
    const folder = place.join('state', 'deadletters');
    const letters = readdirSync(folder).flatMap((file) =>
      readFileSync(`${folder}/${file}`, 'utf8').trim().split('\n'),
    );
    expect(letters).toHaveLength(totalPoison);
    // The log is still there: the line as Tetragon wrote it stands beside the row.
    const lines = new Set(readFileSync(place.join('tetragon.log'), 'utf8').split('\n'));
    for (const text of letters) {
      const letter: { row?: string; line?: string } = JSON.parse(text);
      expect(letter.row).toContain('"cluster_name":"seq-');
      expect(lines).toContain(letter.line);
    }
    const sizes = readdirSync(place.join('state', 'spool'));
    expect(sizes.length).toBeLessThanOrEqual(1);
    console.log(`peak of the agent, run from its sources: ${peak.toFixed(0)} MiB`);
  });
});
