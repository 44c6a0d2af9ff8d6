/**
 * A real agent, killed with SIGKILL at random instants while events come and the log is rotated all the time: nothing
 * is lost, and what comes twice is what may: what the server had and neither the checkpoint nor a mark in the spool
 * knew of. Both are computed for each kill from what it left on disk.
 */

import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { decode } from '../../agent/delivery/encode.ts';
import { Spool } from '../../agent/delivery/spool.ts';
import { DeliveryStats } from '../../agent/delivery/stats.ts';
import { parseCheckpoint } from '../../agent/intake/checkpoint-format.ts';
import { HELD_FILES_LIMIT } from '../../agent/limits.ts';
import { Random } from '../../bench/random.ts';
import { AgentProcess, Workplace } from '../e2e/agent.ts';
import { RecordingLog } from '../intake/harness.ts';
import { createReceiver, type Receiver } from '../receiver/index.ts';
import { TrackedLog } from './tracked-log.ts';

const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 2 ** 31);
const KILLS = Number(process.env['CRASH_KILLS'] ?? 50);
const EVENTS_PER_SECOND = 500;
const ROTATE_EVERY_MS = 200;
/** From where a life counts: the spawn, the first rows that arrive, or the first that are read. */
const MAX_LIFE_MS = 500;
/** One in so many is longer than two checkpoints are apart: the others get nowhere. */
const LONG_LIFE_EVERY = 3;
const LONG_LIFE_MS = 1_500;
/** Several lives in a row may end before the first answer; older than this, what the server has is covered. */
const COVERED_AFTER_MS = 10_000;
/** A slow machine falls behind: rotation waits then, before there are more files than the agent may hold. */
const MAX_FILES_BEHIND = HELD_FILES_LIMIT / 2;
const TIMEOUT_MS = 480_000;

interface Left {
  /** Keys below it are covered by the checkpoint. */
  readonly covered: number;
  /** How often a key stands in records of the spool that are not marked as sent. */
  readonly spooled: ReadonlyMap<number, number>;
}

/** What a kill left in the state folder. */
async function lookAt(place: Workplace, log: TrackedLog, coveredBefore: number): Promise<Left> {
  const path = place.join('state', 'checkpoint.json');
  const spooled = await spooledKeys(place);
  if (!existsSync(path)) return { covered: coveredBefore, spooled };
  const state = parseCheckpoint(readFileSync(path, 'utf8'));
  if (typeof state !== 'object') throw new Error(`a kill left a bad checkpoint: ${state}`);
  const [point] = state.points;
  const covered = point && log.keyAt(point.file.identity.firstLineHash, point.offsetBytes);
  // A file of which no line was seen: what is before it is covered, and that is at least what was before.
  return { covered: covered ?? coveredBefore, spooled };
}

async function spooledKeys(place: Workplace): Promise<Map<number, number>> {
  const keys = new Map<number, number>();
  const folder = place.join('state', 'spool');
  if (!existsSync(folder)) return keys;
  const copy = place.join('spool-copy');
  rmSync(copy, { recursive: true, force: true });
  cpSync(folder, copy, { recursive: true });
  const spool = new Spool({
    ...{ folder: copy, maxBytes: 2 ** 30, dropOldest: false },
    ...{ log: new RecordingLog(), stats: new DeliveryStats() },
  });
  spool.open();
  for (let record = await spool.next(); record !== undefined; record = await spool.next()) {
    const { bytes, encoding, rawLength } = record.body;
    const text = Buffer.from(await decode(bytes, encoding, rawLength)).toString('latin1');
    for (const [, key] of text.matchAll(/"seq-(\d+)"/g))
      keys.set(Number(key), (keys.get(Number(key)) ?? 0) + 1);
  }
  await spool.close();
  return keys;
}

/** Bodies that had arrived when the agent died are stored a moment later. */
async function quiet(receiver: Receiver): Promise<void> {
  for (let rows = -1; rows !== receiver.rowCount; ) {
    rows = receiver.rowCount;
    await sleep(50);
  }
}

test('kills under load: nothing lost, and twice only what may come twice', {
  timeout: TIMEOUT_MS,
}, async () => {
  console.log(`seed ${SEED}`);
  const random = new Random(SEED);
  using place = new Workplace(true);
  await using receiver = await createReceiver({ store: 'keys', arrivals: true });
  const path = place.join('tetragon.log');
  const log = new TrackedLog(path, SEED);
  const settings = {
    ...{ PARSEABLE_URL: receiver.url, TETRAGON_LOG: path, NODE_COMPILE_CACHE: place.join('compiled') },
    ...{ TETRASHIP_BATCH_BYTES: '32KiB', TETRASHIP_OUTBOX_BYTES: '64KiB', TETRASHIP_RETRY_MAX: '200ms' },
  };
  using _ = { [Symbol.dispose]: () => log.halt() };
  let delivered = 0;
  const mayRotate = (): boolean => {
    while (receiver.keys.count(delivered) > 0) delivered++;
    return log.filesFrom(delivered) < MAX_FILES_BEHIND;
  };
  log.start(EVENTS_PER_SECOND, ROTATE_EVERY_MS, mayRotate);
  {
    // One that ends in order leaves its code compiled, so that the others start sooner.
    await using agent = new AgentProcess(place, settings);
    await agent.waitForMetric('tetraship_events_total', (events) => events > 0);
    await agent.stop();
  }
  let counts: number[] = [];
  let left: Left = { covered: 0, spooled: new Map() };
  const losses: string[] = [];
  const seen = { repeated: 0, allowed: 0, spooled: 0, most: 0 };

  /** What came since the last kill, against what that kill allowed to come twice. */
  const judge = (): void => {
    const now = Array.from({ length: log.keys }, (_, key) => receiver.keys.count(key));
    for (const [key, count] of now.entries()) {
      const before = counts[key] ?? 0;
      const isUncovered = key >= left.covered;
      const maySend = Number(isUncovered) + (left.spooled.get(key) ?? 0);
      if (count - before > Math.max(1, maySend) || (before > 0 && count - before > maySend)) {
        expect.fail(
          `seq-${key} came ${count} times, ${before} before the last kill; ${maySend} more were allowed`,
        );
      }
      if (count > Math.max(1, before)) seen.repeated += count - Math.max(1, before);
    }
    counts = now;
  };

  const begun = async (agent: AgentProcess, kind: number): Promise<void> => {
    const rows = receiver.rowCount;
    if (kind === 1) await receiver.waitForRows(rows + 1, 30_000);
    else if (kind > 1) await agent.waitForMetric('tetraship_events_total', (events) => events > 0);
  };

  for (let kill = 0; kill < KILLS; kill++) {
    // Of four lives the server is away in one, so that rows wait in the spool, and comes back in the next.
    if (kill % 4 === 2) receiver.fault = () => ({ status: 503 });
    await using agent = new AgentProcess(place, settings);
    await begun(agent, kill % 4);
    const lifeMs = random.below(MAX_LIFE_MS) + (kill % LONG_LIFE_EVERY === 0 ? LONG_LIFE_MS : 0);
    await sleep(lifeMs / 2);
    if (kill % 4 === 3) receiver.fault = undefined;
    await sleep(lifeMs / 2);
    await agent.kill();
    losses.push(...agent.log.filter((line) => line.includes('are lost')));
    const killedMs = Date.now();
    await quiet(receiver);
    judge();
    left = await lookAt(place, log, left.covered);
    const allowed = counts.filter(
      (count, key) => count > 0 && (key >= left.covered || left.spooled.has(key)),
    ).length;
    seen.allowed += allowed;
    seen.most = Math.max(seen.most, allowed);
    seen.spooled += left.spooled.size;
    // What the server has had for long, in one run from the beginning.
    const oldMs = killedMs - COVERED_AFTER_MS;
    const lowWater = receiver.keys.arrivals().findIndex((atMs) => atMs === 0 || atMs > oldMs);
    expect(left.covered, 'covered by the checkpoint').toBeGreaterThanOrEqual(lowWater);
  }
  await using agent = new AgentProcess(place, settings);
  await log.stop();
  await receiver.waitForKeys(log.keys, 60_000);
  await quiet(receiver);
  judge();
  expect(receiver.keys.missing(0, log.keys, 10)).toEqual([]);
  expect(losses).toEqual([]);
  expect(await agent.metric('tetraship_lost_files_total')).toBe(0);
  expect(await agent.stop()).toBe(0);
  console.log(
    `${log.keys} events, ${KILLS} kills: ${seen.repeated} came twice, ${seen.allowed} were allowed to (at most ${seen.most} of one kill), ${seen.spooled} lay in the spool`,
  );
});
