/** The checkpoint file: what comes back, what damage does, what a crash or a full disk leaves. */

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TetrashipError } from '../../agent/errors.ts';
import { Checkpoint } from '../../agent/intake/checkpoint.ts';
import { parseCheckpoint } from '../../agent/intake/checkpoint-format.ts';
import type { ResumeState } from '../../agent/intake/history.ts';
import { BrokenFs } from '../disk/broken-fs.ts';
import { RecordingLog, temporaryFolder } from './harness.ts';

const BEGINNING: ResumeState = { points: [], lostFiles: 0, lostBytes: 0, boot: '' };

/** As the agent writes it, whatever the fields are. */
function signed(fields: Record<string, unknown>): string {
  const checksum = createHash('sha256').update(JSON.stringify(fields)).digest('hex').slice(0, 32);
  return JSON.stringify({ ...fields, checksum });
}

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
        passed: [{ stem: 'a-0.log', inode: 3, firstLineHash: 'd' }],
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
      expect(checkpoint.load()).toEqual(BEGINNING);
      const [aside = ''] = fs.readdirSync(folder);
      expect(aside).toMatch(/^checkpoint\.damaged-/);
      expect(fs.readFileSync(join(folder, aside), 'utf8')).toBe(text);
      expect(log.count('error cannot use')).toBe(1);
      expect(checkpoint.load()).toBeUndefined();
    });
  };
  const file = { path: 'a', device: 1, inode: 1, firstLineHash: '', size: 1 };
  const lineage = { source: 'a', ...file, offset: 0, waiting: [file], passed: [] };
  const fields = { version: 1, boot: '', lostFiles: 0, lostBytes: 0, lineages: [lineage] };
  const withLineages = (...lineages: unknown[]): string => signed({ ...fields, lineages });
  test('but not in the text that the others are made of', () => {
    expect(typeof parseCheckpoint(signed(fields))).toBe('object');
  });
  check('empty', '');
  check('half', signed(fields).slice(0, 20));
  check('no version', '{}');
  check('another kind', '[1]');
  check('no checksum', JSON.stringify(fields));
  check('a newer version without its checksum', JSON.stringify({ ...fields, version: 2 }));
  check('a field missing', signed({ version: 1, lineages: [] }));
  check('an offset behind the size', withLineages({ ...lineage, offset: 2 }));
  check('a source twice', withLineages(lineage, lineage));
  check(
    'a name with a folder',
    withLineages({ ...lineage, passed: [{ stem: '../x', inode: 1, firstLineHash: '' }] }),
  );
  check('a waiting file without a size', withLineages({ ...lineage, waiting: [{ ...file, size: -1 }] }));
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
  const newer = signed({ version: 2, anything: true });
  fs.writeFileSync(path, newer);
  expect(() => checkpoint.load()).toThrow(TetrashipError);
  expect(() => checkpoint.load()).toThrow(/version 2/);
  expect(fs.readFileSync(path, 'utf8')).toBe(newer);
});

test('an unreadable one means the beginning too', () => {
  fs.mkdirSync(path);
  expect(checkpoint.load()).toEqual(BEGINNING);
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

describe('every byte of it', () => {
  async function written(): Promise<Buffer> {
    await checkpoint.save(stateAt(5));
    return fs.readFileSync(path);
  }

  /** What `load` makes of these bytes: the state as it was, or the beginning with the bytes kept aside. */
  function judge(bytes: Buffer, what: string): void {
    fs.rmSync(folder, { recursive: true });
    fs.mkdirSync(folder);
    fs.writeFileSync(path, bytes);
    const errorsBefore = log.count('error cannot use');
    const state = checkpoint.load();
    const [name = ''] = fs.readdirSync(folder);
    if (name === 'checkpoint.json') {
      expect(state, what).toEqual(stateAt(5));
      return;
    }
    expect(state, what).toEqual(BEGINNING);
    expect(fs.readFileSync(join(folder, name)).equals(bytes), what).toBe(true);
    expect(log.count('error cannot use'), what).toBe(errorsBefore + 1);
  }

  test('cut there', { timeout: 30_000 }, async () => {
    const whole = await written();
    for (let length = 0; length < whole.length; length++)
      judge(whole.subarray(0, length), `cut at ${length}`);
  });

  test('flipped, all its bits and one of them', { timeout: 30_000 }, async () => {
    const whole = await written();
    for (let at = 0; at < whole.length; at++) {
      for (const bits of [0xff, 1 << (at % 8)]) {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] ?? 0) ^ bits;
        judge(bytes, `byte ${at} ^ ${bits}`);
      }
    }
  });
});

test('a damaged one that cannot be set aside either: said, and reading begins anew all the same', () => {
  fs.writeFileSync(path, 'x');
  using broken = new BrokenFs(folder);
  broken.fault = ({ operation }) => (operation === 'rename' ? 'EACCES' : undefined);
  expect(checkpoint.load()).toEqual(BEGINNING);
  expect(log.count('cannot be set aside either (EACCES')).toBe(1);
});
