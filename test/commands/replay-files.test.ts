/** `replay FILE…` as a process, against the receiver. */

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { AgentProcess, Workplace } from '../e2e/agent.ts';
import { createReceiver, type Receiver } from '../receiver/index.ts';

const line = (sequence: number, size = 20): string =>
  `${JSON.stringify({ process_exec: { process: { binary: '/bin/x', arguments: 'y'.repeat(size) } }, cluster_name: `seq-${sequence}` })}\n`;
const lines = (from: number, to: number, size = 20): string =>
  Array.from({ length: to - from }, (_, i) => line(from + i, size)).join('');

const replay = (
  place: Workplace,
  receiver: Receiver,
  args: readonly string[],
  changes: Record<string, string> = {},
) =>
  new AgentProcess(place, { PARSEABLE_URL: receiver.url, TETRASHIP_RETRY_MAX: '500ms', ...changes }, [
    'replay',
    ...args,
  ]);

describe('replay of files', { timeout: 60_000 }, () => {
  test('plain, compressed and by glob, each line once, the last one without its end too', async () => {
    using place = new Workplace();
    await using receiver = await createReceiver({ store: 'keys' });
    writeFileSync(place.join('tetragon-2026-01-01T00-00-00.000.log.gz'), gzipSync(lines(0, 1000)));
    writeFileSync(place.join('tetragon-2026-01-02T00-00-00.000.log'), lines(1000, 2000));
    writeFileSync(place.join('other.log'), lines(2000, 2010).trimEnd());
    writeFileSync(place.join('empty.log'), '');
    const args = [place.join('tetragon-*'), place.join('other.log'), place.join('empty.log')];
    await using first = replay(place, receiver, args);
    expect([await first.exited, first.text]).toEqual([
      0,
      expect.stringMatching(/^2,010 rows delivered in [\d.]+ s$/),
    ]);
    expect(receiver.keys.missing(0, 2010, 10)).toEqual([]);
    expect(receiver.duplicates).toBe(0);

    // What is shipped is not shipped again, what has come since is.
    appendFileSync(place.join('tetragon-2026-01-02T00-00-00.000.log'), lines(2010, 2020));
    await using second = replay(place, receiver, [...args, '--json']);
    expect(await second.exited).toBe(0);
    expect(JSON.parse(second.text)).toMatchObject({
      done: true,
      rowsDelivered: 10,
      deadLetters: 0,
      rowsLost: 0,
    });
    await using third = replay(place, receiver, args);
    expect([await third.exited, third.text]).toEqual([0, expect.stringMatching(/^nothing to do: .*--again/)]);
    expect([receiver.rowCount, receiver.duplicates]).toEqual([2020, 0]);
    await using fourth = replay(place, receiver, [place.join('other.log'), '--again']);
    expect(await fourth.exited).toBe(0);
    expect(receiver.duplicates).toBe(10);
  });

  test('killed in the middle, it goes on; nothing is lost', async () => {
    using place = new Workplace();
    await using receiver = await createReceiver({ store: 'keys' });
    writeFileSync(place.join('a.log.gz'), gzipSync(lines(0, 4000, 500)));
    writeFileSync(place.join('b.log'), lines(4000, 8000, 500));
    receiver.fault = () => ({ until: sleep(100) });
    const args = [place.join('a.log.gz'), place.join('b.log')];
    const changes = {
      TETRASHIP_BATCH_BYTES: '64KiB',
      TETRASHIP_CONCURRENCY: '1',
      TETRASHIP_OUTBOX_BYTES: '64KiB',
    };
    for (const rows of [800, 2500]) {
      await using killed = replay(place, receiver, args, changes);
      await receiver.waitForKeys(rows, 30_000);
      // Once a second the checkpoint follows.
      await sleep(1200);
      await killed.kill();
    }
    receiver.fault = undefined;
    await using last = replay(place, receiver, args, changes);
    expect(await last.exited).toBe(0);
    expect(receiver.keys.missing(0, 8000, 10)).toEqual([]);
    expect(receiver.duplicates).toBeLessThan(4000);
  });

  test('it waits for a server that is away, and ends with a signal, to go on later', async () => {
    using place = new Workplace();
    await using receiver = await createReceiver({ store: 'keys' });
    await receiver.stop();
    writeFileSync(place.join('a.log'), lines(0, 50));
    await using first = replay(place, receiver, [place.join('a.log')], { TETRASHIP_SHUTDOWN_GRACE: '0s' });
    await first.waitForLog(/cannot send/);
    expect(await first.stop()).toBe(1);
    expect(first.text).toContain('interrupted: the same command goes on from here');
    await receiver.restart();
    await using second = replay(place, receiver, [place.join('a.log')]);
    expect(await second.exited).toBe(0);
    expect([receiver.rowCount, receiver.duplicates]).toEqual([50, 0]);
  });

  test('bad lines go to the dead letters of the replay, with their place', async () => {
    using place = new Workplace();
    await using receiver = await createReceiver({});
    writeFileSync(place.join('a.log'), `${line(0)}{"torn\n${line(1)}`);
    await using agent = replay(place, receiver, [place.join('a.log')]);
    expect(await agent.exited).toBe(65);
    expect(agent.text).toContain(
      `1 line could not be delivered: see ${place.join('state', 'replay', 'deadletters')}`,
    );
    expect(receiver.rowCount).toBe(2);
  });

  test('beside a running agent: neither disturbs the other, and a second replay is told who runs', async () => {
    using place = new Workplace();
    await using receiver = await createReceiver({ store: 'keys' });
    writeFileSync(place.join('tetragon.log'), lines(0, 10));
    writeFileSync(place.join('old.log'), lines(10, 2000, 500));
    await using agent = new AgentProcess(place, {
      PARSEABLE_URL: receiver.url,
      TETRAGON_LOG: place.join('tetragon.log'),
    });
    await receiver.waitForRows(10, 30_000);
    const checkpoint = (): string => readFileSync(place.join('state', 'checkpoint.json'), 'utf8');
    await expect.poll(checkpoint, { timeout: 15_000 }).toContain(`"offset": ${lines(0, 10).length}`);
    const before = checkpoint();
    receiver.fault = () => ({ until: sleep(300) });
    await using first = replay(place, receiver, [place.join('old.log')], {
      ...{ TETRASHIP_BATCH_BYTES: '64KiB', TETRASHIP_CONCURRENCY: '1', TETRASHIP_OUTBOX_BYTES: '64KiB' },
    });
    await receiver.waitForKeys(11, 30_000);
    await using second = replay(place, receiver, [place.join('old.log')]);
    expect([await second.exited, second.text]).toEqual([
      1,
      expect.stringMatching(/cannot use the state folder: .*replay\/lock is held by process \d+/),
    ]);
    receiver.fault = undefined;
    expect(await first.exited).toBe(0);
    expect(receiver.keys.missing(0, 2000, 10)).toEqual([]);
    expect(checkpoint()).toBe(before);
    expect(await agent.stop()).toBe(0);
  });

  test('standard input', async () => {
    using place = new Workplace();
    await using receiver = await createReceiver({});
    await using agent = replay(place, receiver, ['-']);
    agent.child.stdin?.end(lines(0, 7));
    expect(await agent.exited).toBe(0);
    expect(receiver.rowCount).toBe(7);
  });

  test.each([
    [['nothing-*.log'], /cannot replay: no file matches nothing-\*\.log; nothing was sent/],
    [['/nonexistent/a.log'], /cannot replay: .*\/nonexistent\/a\.log.*nothing was sent/],
    [['-', 'a.log'], /- \(standard input\) stands alone/],
    [['a.log', '--dead-letters'], /say what is to be sent: files, or --dead-letters/],
  ])('%j is refused', async (args, words) => {
    using place = new Workplace();
    await using receiver = await createReceiver({});
    await using agent = replay(place, receiver, args);
    expect(await agent.exited).not.toBe(0);
    expect(agent.text).toMatch(words);
    expect(receiver.requests).toBe(0);
  });
});
