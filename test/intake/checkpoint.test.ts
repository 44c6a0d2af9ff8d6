/** The checkpoint file: what comes back, what damage does, what a crash or a full disk leaves. */

import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TetrashipError } from '../../agent/errors.ts';
import { Checkpoint } from '../../agent/intake/checkpoint.ts';
import { parseCheckpoint } from '../../agent/intake/checkpoint-format.ts';
import type { ResumeState } from '../../agent/intake/history.ts';
import { RecordingLog, temporaryFolder } from './harness.ts';

let folder: string;
let path: string;
let log: RecordingLog;
let checkpoint: Checkpoint;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, 'checkpoint.json');
  log = new RecordingLog();
  checkpoint = new Checkpoint(folder, log);
});

afterEach(() => {
  vi.restoreAllMocks();
  checkpoint.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

function stateAt(offsetBytes: number): ResumeState {
  const identity = { device: 1, inode: 2, firstLineHash: 'abc' };
  const file = { source: '/logs/a.log', path: '/logs/a-1.log', identity };
  return {
    points: [
      {
        file,
        offsetBytes,
        sizeBytes: offsetBytes + 1,
        waiting: [{ path: '/logs/a.log', identity, sizeBytes: 9 }],
        passed: ['a-0.log'],
      },
    ],
    lostFiles: 3,
    lostBytes: 4,
    boot: 'b',
  };
}

test('none is undefined, one comes back as it was, readable by its owner only', async () => {
  expect(checkpoint.load()).toBeUndefined();
  await checkpoint.save(stateAt(5));
  expect(checkpoint.load()).toEqual(stateAt(5));
  expect(fs.statSync(path).mode & 0o777).toBe(0o600);
  expect(fs.readdirSync(folder)).toEqual(['checkpoint.json']);
  expect(checkpoint.stats).toEqual({ writes: 1, errors: 0, failing: false });
});

test('states handed in while one is written: the last one is on disk at the end, the others may be left out', async () => {
  const saves = Array.from({ length: 50 }, (_, offset) => checkpoint.save(stateAt(offset)));
  await Promise.all(saves);
  expect(checkpoint.load()).toEqual(stateAt(49));
  expect(checkpoint.stats.writes).toBeLessThan(5);
});

describe('damage means the beginning, and is set aside', () => {
  const check = (name: string, text: string): void => {
    test(name, () => {
      fs.writeFileSync(path, text);
      expect(checkpoint.load()).toEqual({ points: [], lostFiles: 0, lostBytes: 0 });
      const [aside = ''] = fs.readdirSync(folder);
      expect(aside).toMatch(/^checkpoint\.damaged-/);
      expect(fs.readFileSync(join(folder, aside), 'utf8')).toBe(text);
      expect(log.count('error cannot use')).toBe(1);
      expect(checkpoint.load()).toBeUndefined();
    });
  };
  const whole = '{"version":1,"lostFiles":0,"lostBytes":0,"lineages":[]}';
  const lineage =
    '{"source":"a","path":"a","device":1,"inode":1,"firstLineHash":"","offset":2,"size":1,"passed":[]}';
  check('empty', '');
  check('half', whole.slice(0, 20));
  check('no version', '{}');
  check('another kind', '[1]');
  check('a field missing', '{"version":1,"lineages":[]}');
  check('an offset behind the size', whole.replace('[]', `[${lineage}]`));
  check('a source twice', whole.replace('[]', `[${lineage.replace('2', '0')},${lineage.replace('2', '0')}]`));
  check(
    'a name with a folder',
    whole.replace('[]', `[${lineage.replace('2', '0').replace('[]', '["../x"]')}]`),
  );
});

test('nothing that a file may hold makes parsing throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc
          .jsonValue()
          .map((value) => JSON.stringify({ version: 1, lostFiles: 0, lostBytes: 0, lineages: [value] })),
      ),
      (text) => {
        expect(['object', 'string', 'number']).toContain(typeof parseCheckpoint(text));
      },
    ),
  );
});

test('a newer version is refused, named, and stays', () => {
  fs.writeFileSync(path, '{"version":2}');
  expect(() => checkpoint.load()).toThrow(TetrashipError);
  expect(() => checkpoint.load()).toThrow(/version 2/);
  expect(fs.readFileSync(path, 'utf8')).toBe('{"version":2}');
});

test('an unreadable one means the beginning too', () => {
  fs.mkdirSync(path);
  expect(checkpoint.load()).toEqual({ points: [], lostFiles: 0, lostBytes: 0 });
  expect(fs.readdirSync(folder)[0]).toMatch(/^checkpoint\.damaged-/);
});

describe('a step that fails leaves the last checkpoint, is said once, and is tried again', () => {
  const steps: Record<string, () => void> = {
    'opening the temporary file': () => {
      fs.mkdirSync(`${path}.tmp`);
    },
    'renaming it': () => {
      fs.rmSync(path);
      fs.mkdirSync(path);
    },
  };
  for (const [name, sabotage] of Object.entries(steps)) {
    test(name, async () => {
      await checkpoint.save(stateAt(1));
      sabotage();
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      await checkpoint.save(stateAt(2));
      await checkpoint.save(stateAt(3));
      expect(checkpoint.stats).toEqual({ writes: 1, errors: 2, failing: true });
      expect(log.count('cannot write')).toBe(1);
      fs.rmSync(`${path}.tmp`, { recursive: true, force: true });
      if (fs.statSync(path).isDirectory()) fs.rmSync(path, { recursive: true });
      vi.runOnlyPendingTimers();
      vi.useRealTimers();
      await vi.waitFor(() => expect(checkpoint.stats.writes).toBe(2));
      expect(checkpoint.load()).toEqual(stateAt(3));
      expect(checkpoint.stats.failing).toBe(false);
      expect(log.count('can be written again')).toBe(1);
    });
  }
});

test('the file and then its folder are made durable', async () => {
  const steps: string[] = [];
  const probe = await fsPromises.open(folder, 'r');
  const handles: { sync(): Promise<void> } = Object.getPrototypeOf(probe);
  await probe.close();
  vi.spyOn(handles, 'sync').mockImplementation(async () => {
    steps.push(fs.existsSync(`${path}.tmp`) ? 'sync of the file' : 'sync of the folder');
  });
  await checkpoint.save(stateAt(1));
  expect(steps).toEqual(['sync of the file', 'sync of the folder']);
});
