/** A state disk that is really full: a small tmpfs, where this user may mount one. */

import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statfsSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { expect, test } from 'vitest';
import { Generator } from '../../bench/generator.ts';
import { createReceiver } from '../receiver/index.ts';
import { AgentProcess, Workplace, waitFor } from './agent.ts';

const DISK = '2m';
const EVENTS = 6000;
const BAD_LINES = 5;

/** A disk of its own for the state folder, with the test's other files beside it. */
class SmallDisk implements Disposable {
  readonly place = new Workplace();
  readonly isMounted: boolean;

  constructor() {
    mkdirSync(this.place.join('state'));
    const { status } = spawnSync('mount', [
      '-t',
      'tmpfs',
      '-o',
      `size=${DISK}`,
      'tmpfs',
      this.place.join('state'),
    ]);
    this.isMounted = status === 0;
  }

  /** Takes all the room that is left. */
  fill(): void {
    for (let bytes = 64 * 1024; bytes >= 1; bytes = Math.floor(bytes / 2)) {
      try {
        for (;;) appendFileSync(this.place.join('state', 'ballast'), Buffer.alloc(bytes));
      } catch {
        // The next smaller piece.
      }
    }
    const { bavail } = statfsSync(this.place.join('state'));
    expect(bavail).toBe(0);
  }

  free(): void {
    unlinkSync(this.place.join('state', 'ballast'));
  }

  [Symbol.dispose](): void {
    if (this.isMounted) spawnSync('umount', ['-l', this.place.join('state')]);
    this.place[Symbol.dispose]();
  }
}

const canMount = (() => {
  using disk = new SmallDisk();
  return disk.isMounted;
})();
if (!canMount) console.log('skipped: the tests of a full disk mount a tmpfs, which this user may not');

const settings = (disk: SmallDisk, url: string): Record<string, string> => ({
  PARSEABLE_URL: url,
  TETRAGON_LOG: disk.place.join('tetragon.log'),
  TETRASHIP_BATCH_BYTES: '64KiB',
  TETRASHIP_OUTBOX_BYTES: '128KiB',
  TETRASHIP_RETRY_MAX: '500ms',
});

async function readyz(agent: AgentProcess): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${await agent.url()}/readyz`);
  return { status: answer.status, text: await answer.text() };
}

test.skipIf(!canMount)(
  'the state disk fills during an outage: nothing is lost, it says so, and recovers when there is room',
  { timeout: 90_000 },
  async () => {
    using disk = new SmallDisk();
    await using receiver = await createReceiver({ store: 'keys' });
    await receiver.stop();
    const generator = new Generator({ seed: 8, size: 2.3 });
    const log = disk.place.join('tetragon.log');
    const write = (count: number) =>
      appendFileSync(log, Array.from({ length: count }, () => generator.next()).join(''));
    write(EVENTS / 2);
    await using agent = new AgentProcess(disk.place, settings(disk, receiver.url));
    // The spool takes what the disk has, and then there is none.
    await agent.waitForMetric('tetraship_spool_records_total', (records) => records > 3);
    disk.fill();
    appendFileSync(log, 'no event\n'.repeat(BAD_LINES));
    write(EVENTS / 2);
    await agent.waitForLog(/cannot write to the spool: .*(ENOSPC|full)/);
    const full = await waitFor(async () => {
      const ready = await readyz(agent);
      return ready.text.includes('spool') ? ready : undefined;
    }, 'a degraded readiness');
    expect(full.status).toBe(200);
    expect(full.text).toMatch(/degraded/);
    await agent.waitForMetric('tetraship_spool_disk_errors_total', (errors) => errors > 0);
    // Memory is full too: reading waits, and the bound holds.
    await waitFor(
      async () => ((await readyz(agent)).text.includes('reading waits') ? true : undefined),
      'pressure',
    );
    expect(await agent.metric('tetraship_outbox_bytes')).toBeLessThan(256 * 1024);

    // The server comes back while the disk is still full: all of it arrives.
    await receiver.restart();
    await receiver.waitForKeys(EVENTS, 30_000);
    expect(receiver.keys.missing(0, EVENTS, 10)).toEqual([]);
    disk.free();
    const freedMs = performance.now();
    const well = async () => ((await readyz(agent)).text.includes('degraded') ? undefined : true);
    await waitFor(well, 'a readiness that is well', 20_000, () => agent.text);
    console.log(`well ${(performance.now() - freedMs).toFixed(0)} ms after the disk had room`);
    expect(await agent.metric('tetraship_rows_lost_total')).toBe(0);
    expect(await agent.metric('tetraship_dead_letters_failed_total')).toBe(0);
    expect(await agent.stop()).toBe(0);
    const letters = readdirSync(disk.place.join('state', 'deadletters')).map((name) =>
      readFileSync(disk.place.join('state', 'deadletters', name), 'utf8'),
    );
    expect(letters.join('').trim().split('\n')).toHaveLength(BAD_LINES);
    // What was acknowledged is not sent again.
    await using second = new AgentProcess(disk.place, settings(disk, receiver.url));
    write(1);
    await receiver.waitForKeys(EVENTS + 1, 10_000);
    expect(receiver.duplicates).toBe(0);
    expect(await second.stop()).toBe(0);
  },
);

test.skipIf(!canMount)(
  'killed on a full disk, it repeats and loses nothing',
  { timeout: 60_000 },
  async () => {
    using disk = new SmallDisk();
    await using receiver = await createReceiver({ store: 'keys' });
    const generator = new Generator({ seed: 9, size: 2.3 });
    const log = disk.place.join('tetragon.log');
    writeFileSync(log, Array.from({ length: 500 }, () => generator.next()).join(''));
    {
      await using agent = new AgentProcess(disk.place, settings(disk, receiver.url));
      const offset = `"offset": ${statSync(log).size},`;
      const checkpoint = disk.place.join('state', 'checkpoint.json');
      const isWritten = () =>
        (existsSync(checkpoint) && readFileSync(checkpoint, 'utf8').includes(offset)) || undefined;
      await waitFor(isWritten, 'the checkpoint behind all that is written');
      disk.fill();
      appendFileSync(log, `no event\n${Array.from({ length: 500 }, () => generator.next()).join('')}`);
      await receiver.waitForKeys(1000, 10_000);
      const isSaid = async () =>
        (await readyz(agent)).text.includes('dead letters cannot be written') || undefined;
      await waitFor(isSaid, 'a degraded readiness', 10_000, () => agent.text);
      expect(await agent.metric('tetraship_dead_letters_failed_total')).toBe(0);
      await agent.kill();
    }
    disk.free();
    await using agent = new AgentProcess(disk.place, settings(disk, receiver.url));
    await agent.waitForMetric('tetraship_dead_letters_total', (letters) => letters === 1);
    appendFileSync(log, generator.next());
    await receiver.waitForKeys(1001, 10_000);
    expect(receiver.keys.missing(0, 1001, 10)).toEqual([]);
    expect(receiver.duplicates).toBeLessThanOrEqual(500);
    expect(await agent.stop()).toBe(0);
  },
);

test.skipIf(!canMount)(
  'a spool that has filled its disk drains after a kill, though not even a lock fits beside it',
  { timeout: 60_000 },
  async () => {
    using disk = new SmallDisk();
    await using receiver = await createReceiver({ store: 'keys' });
    await receiver.stop();
    const generator = new Generator({ seed: 10, size: 2.3 });
    const log = disk.place.join('tetragon.log');
    const lines = Array.from({ length: EVENTS }, () => generator.next());
    writeFileSync(log, lines.join(''));
    for (let start = 0; start < 3; start++) {
      await using agent = new AgentProcess(disk.place, settings(disk, receiver.url));
      await agent.waitForLog(/cannot write to the spool/);
      disk.fill();
      await agent.kill();
    }
    await receiver.restart();
    await using agent = new AgentProcess(disk.place, settings(disk, receiver.url));
    await receiver.waitForKeys(EVENTS, 20_000);
    expect(receiver.keys.missing(0, EVENTS, 10)).toEqual([]);
    disk.free();
    expect(await agent.stop()).toBe(0);
    expect(readdirSync(disk.place.join('state')).filter((name) => name.startsWith('lock'))).toEqual([]);
  },
);
