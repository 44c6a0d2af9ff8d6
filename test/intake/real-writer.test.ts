/** Tetragon's own writer (protojson through lumberjack) as a process, rotating and compressing while it is read. */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Intake } from '../../agent/intake/intake.ts';
import { makeIntake, Reader, RecordingLog, temporaryFolder } from './harness.ts';

const SHARED = fileURLToPath(new URL('../../../shared', import.meta.url));
const GET = `${SHARED}/bin/get`;
const program = fs.existsSync(GET) ? execFileSync(GET, ['tetragon-writer'], { encoding: 'utf8' }).trim() : '';
if (program === '') console.warn('the real writer is not here: its tests are skipped');

let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Writes events numbered from 0 in `cluster_name`. */
async function written(count: number, ...options: string[]): Promise<void> {
  const log = `${folder}/tetragon.log`;
  const given = [
    '-templates',
    `${SHARED}/data`,
    '-n',
    String(count),
    '-max-kb',
    '1024',
    '-out',
    log,
    ...options,
  ];
  const child = spawn(program, given, { stdio: ['ignore', 'ignore', 'inherit'] });
  expect(await once(child, 'exit')).toEqual([0, null]);
}

function numbersOf(lines: readonly string[]): number[] {
  return lines.map((line) => Number(/"cluster_name": ?"seq-(\d+)"/.exec(line)?.[1]));
}

/** Reads whenever told to, restarting from time to time. */
class Follower {
  readonly log = new RecordingLog();
  readonly reader = new Reader(1 << 20);
  intake: Intake = makeIntake(`${folder}/tetragon.log`, this.log);

  async start(): Promise<void> {
    this.intake.onReadable = () => this.reader.readAll(this.intake);
    await this.intake.start();
  }

  async restart(): Promise<void> {
    const resume = this.intake.resumeState(this.reader.safe);
    await this.intake.stop();
    this.reader.safe.clear();
    this.intake = makeIntake(`${folder}/tetragon.log`, this.log, { resume });
    await this.start();
  }

  async finish(): Promise<readonly string[]> {
    for (let quiet = 0; quiet < 3; quiet++) {
      this.intake.look();
      await this.reader.readAllCompressed(this.intake);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await this.intake.stop();
    return this.reader.lines;
  }
}

describe.skipIf(program === '')('the real writer', () => {
  const check = (name: string, options: string[], restarts: number): void => {
    test(name, { timeout: 30_000 }, async () => {
      const count = 4_000;
      const follower = new Follower();
      await follower.start();
      const isWriting = written(count, '-rate', '4000', ...options);
      for (let restart = 0; restart < restarts; restart++) {
        await new Promise((resolve) => setTimeout(resolve, 200));
        await follower.restart();
      }
      await isWriting;
      const numbers = numbersOf(await follower.finish());
      expect(numbers).toEqual(Array.from({ length: count }, (_, number) => number + (numbers[0] ?? 0)));
      expect(follower.intake.stats).toMatchObject({ lostFiles: 0, lostBytes: 0 });
      expect(follower.intake.stats.rotations).toBeGreaterThan(0);
      expect(follower.log.lines.filter((line) => line.startsWith('error'))).toEqual([]);
    });
  };
  check('rotating', [], 0);
  check('rotating and compressing, restarts in between', ['-compress'], 3);

  test('as fast as it can: what is held is read, what is lost is counted', { timeout: 30_000 }, async () => {
    const count = 20_000;
    const follower = new Follower();
    await follower.start();
    await written(count, '-backups', '5');
    const numbers = numbersOf(await follower.finish());
    expect(numbers.length).toBe(count);
    expect(new Set(numbers).size).toBe(count);
    expect(follower.intake.stats.lostFiles).toBe(0);
  });
});
