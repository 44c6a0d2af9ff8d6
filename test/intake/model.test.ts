/** Random writing, rotating, cutting, deleting, looking, reading and restarting, against what must arrive. */

import fs from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCheckpoint, printCheckpoint } from '../../agent/intake/checkpoint-format.ts';
import { HELD_LIMITS, type HeldLimits } from '../../agent/intake/held-files.ts';
import type { ResumeState } from '../../agent/intake/history.ts';
import type { Intake } from '../../agent/intake/intake.ts';
import { makeIntake, Reader, RecordingLog, temporaryFolder, Writer } from './harness.ts';

/** With few files held open: without what only a descriptor, or nothing at all, could save. */
const KEEPING_ACTIONS = [
  'write',
  'write',
  'piece',
  'rotate',
  'rotateTwice',
  'rotateAndCompress',
  'rotateAndCompress',
  'compress',
  'compressHalf',
  'look',
  'look',
  'readOne',
  'readAll',
  'restart',
] as const;
const ACTIONS = [
  ...KEEPING_ACTIONS.filter((action) => action !== 'rotateAndCompress'),
  ...(['write', 'rename', 'sameMillisecond', 'cut', 'deleteActive', 'deleteBackup'] as const),
];
/** Whole lines only: a file without one may go uncounted. */
const DELETING_ACTIONS = [...KEEPING_ACTIONS.filter((action) => action !== 'piece'), 'deleteOldest'] as const;
type Action = (typeof ACTIONS)[number] | (typeof DELETING_ACTIONS)[number];
const FEW_HELD = { files: 2, deletedBytes: 100 };

/**
 * `INTAKE_SEQUENCES` and `INTAKE_SEED` for a longer search, or another one. The seed is fixed otherwise: what a search
 * finds becomes an example here, and does not turn somebody's unrelated change red.
 */
const SEQUENCES = Number(process.env['INTAKE_SEQUENCES'] ?? 500);
const SEED = Number(process.env['INTAKE_SEED'] ?? 20_261_124);
const FOUND: [Action[]][] = [
  // A name given twice within a millisecond, and compressed before anybody looked.
  [['sameMillisecond', 'readOne', 'compress', 'restart']],
  // Renamed and compressed at once, after a restart that had read nothing.
  [['write', 'restart', 'rename', 'compress', 'look', 'readAll']],
];
/** Many times what they take: a search of any length must not end for this. */
const TIMEOUT_MS = 60_000 + SEQUENCES * 60;
/** Small, so that most reads end in the middle of something. */
const READ_BYTES = 48;

class World {
  readonly #folder = temporaryFolder();
  readonly #writer = new Writer(this.#folder);
  readonly #log = new RecordingLog();
  readonly #reader = new Reader(READ_BYTES);
  readonly #mayMiss = new Set<number>();
  /** The lines of deleted files that only a descriptor can still give. */
  #unlinked: number[] = [];
  readonly #heldLimits: HeldLimits;
  #intake: Intake;
  /** Lengths of the lines that `deleteOldest` has deleted, by their number. */
  readonly #deleted = new Map<number, number>();
  #nextLine = 0;
  /** Until the reader begins anew, a cut file is not known by its new first line, nor a copy by it: sent twice. */
  #isCut = false;

  constructor(heldLimits: HeldLimits = HELD_LIMITS) {
    this.#heldLimits = heldLimits;
    this.#intake = makeIntake(this.#writer.path, this.#log, { heldLimits });
  }

  /** Returns the bytes that were called lost, and those deleted that did not arrive. */
  async run(actions: readonly Action[]): Promise<{ called: number; lost: number }> {
    try {
      await this.#intake.start();
      for (const action of actions) await this.#act(action);
      // What is not rotated away keeps its last piece: end everything with a rotation.
      this.#rotate();
      for (let round = 0; round < 3; round++) {
        this.#intake.look();
        await this.#reader.readAllCompressed(this.#intake);
      }
      this.#judge();
      const arrived = new Set(this.#reader.lines.flatMap(numbersIn));
      const lengths = [...this.#deleted].map(([line, length]) => (arrived.has(line) ? 0 : length));
      return { called: this.#intake.stats.lostBytes, lost: lengths.reduce((sum, length) => sum + length, 0) };
    } finally {
      await this.#intake.stop();
      fs.rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  #judge(): void {
    const arrived = this.#reader.lines.flatMap(numbersIn);
    expect(arrived).toEqual([...new Set(arrived)].sort((a, b) => a - b));
    const mayMiss = new Set([...arrived, ...this.#mayMiss]);
    expect(
      Array.from({ length: this.#nextLine }, (_, line) => line).filter((line) => !mayMiss.has(line)),
    ).toEqual([]);
    expect(this.#intake.stats.openFiles).toBe(1);
    expect(this.#intake.lagBytes()).toBe(0);
  }

  async #act(action: Action): Promise<void> {
    switch (action) {
      case 'write':
        return this.#writer.write(`${this.#nextLine++} ${'x'.repeat(this.#nextLine % 20)}\n`);
      case 'piece':
        return this.#writer.write(`${this.#nextLine++} piece `);
      case 'rotate':
        return this.#rotate();
      case 'rotateTwice':
        this.#rotate();
        this.#act('write');
        return this.#rotate();
      case 'rename':
        if (fs.existsSync(this.#writer.path)) this.#writer.rename();
        return;
      case 'sameMillisecond':
        return this.#overwriteBackup();
      case 'cut':
        return this.#cut();
      case 'deleteActive':
        if (fs.existsSync(this.#writer.path)) this.#delete(this.#writer.path);
        return;
      case 'deleteBackup': {
        const [oldest] = this.#writer.backups();
        if (oldest !== undefined && !fs.existsSync(`${oldest}.gz`)) this.#delete(oldest);
        return;
      }
      case 'compress':
      case 'compressHalf':
        return this.#compress(this.#writer.backups(), action === 'compress');
      case 'rotateAndCompress':
        this.#rotate();
        return this.#compress(this.#writer.backups().slice(-1), true);
      case 'deleteOldest':
        return this.#deleteOldest();
      case 'look':
        return this.#intake.look();
      case 'readOne': {
        const [source] = this.#intake.sources;
        if (source !== undefined) this.#reader.readOnce(source);
        return;
      }
      case 'readAll':
        this.#isCut = false;
        return this.#reader.readAllCompressed(this.#intake);
      case 'restart':
        return this.#restart();
    }
  }

  #rotate(): void {
    if (!fs.existsSync(this.#writer.path)) this.#writer.create();
    this.#writer.rotate();
  }

  #compress(backups: readonly string[], unlink: boolean): void {
    // Without a newline a copy cannot be told to be one: it is sent twice.
    const backup = backups.find((path) => fs.readFileSync(path).includes('\n'));
    if (backup !== undefined && !this.#isCut) this.#writer.compress(backup, { unlink });
  }

  #deleteOldest(): void {
    this.#intake.look();
    const [name] = fs
      .readdirSync(this.#folder)
      .filter((one) => one.startsWith('tetragon-'))
      .sort();
    if (name === undefined) return;
    const path = join(this.#folder, name);
    const bytes = fs.readFileSync(path);
    const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
    for (const line of text.split(/(?<=\n)/)) {
      for (const number of numbersIn(line)) {
        this.#deleted.set(number, line.length);
        this.#mayMiss.add(number);
      }
    }
    for (const one of [path, `${path}.gz`]) fs.rmSync(one, { force: true });
  }

  #delete(path: string): void {
    // Unseen it could only be lost; seen, the descriptor keeps it.
    this.#intake.look();
    this.#unlinked.push(...numbersIn(fs.readFileSync(path, 'utf8')));
    fs.unlinkSync(path);
  }

  /** Two rotations within one millisecond: the second backup takes the first one's name. */
  #overwriteBackup(): void {
    this.#rotate();
    this.#act('write');
    this.#intake.look();
    this.#unlinked.push(...numbersIn(fs.readFileSync(this.#writer.backups().at(-1) ?? '', 'utf8')));
    this.#writer.rotate(true);
  }

  #cut(): void {
    if (!fs.existsSync(this.#writer.path)) return;
    // What is unread, and an unfinished piece, cannot be saved from a cut.
    for (const line of numbersIn(fs.readFileSync(this.#writer.path, 'utf8'))) this.#mayMiss.add(line);
    this.#intake.look();
    fs.truncateSync(this.#writer.path);
    this.#intake.look();
    this.#isCut = true;
  }

  async #restart(): Promise<void> {
    const resume = this.#throughText(this.#intake.resumeState(this.#reader.safe));
    await this.#intake.stop();
    this.#isCut = false;
    for (const line of this.#unlinked) this.#mayMiss.add(line);
    this.#unlinked = [];
    this.#reader.safe.clear();
    this.#intake = makeIntake(this.#writer.path, this.#log, {
      ...{ resume, readFrom: 'end', heldLimits: this.#heldLimits },
    });
    await this.#intake.start();
  }

  #throughText(state: ResumeState): ResumeState {
    const parsed = parseCheckpoint(printCheckpoint(state));
    if (typeof parsed !== 'object') throw new Error(`the checkpoint cannot be read back: ${parsed}`);
    return parsed;
  }
}

/** A piece may be glued to what follows: one line with several numbers. */
function numbersIn(text: string): number[] {
  return (text.match(/\d+(?= )/g) ?? []).map(Number);
}

test(`${SEQUENCES} random histories arrive whole, in order, once`, { timeout: TIMEOUT_MS }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...ACTIONS), { maxLength: 40 }), async (actions) => {
      await new World().run(actions);
    }),
    { numRuns: SEQUENCES, seed: SEED, examples: FOUND },
  );
});

test(`${SEQUENCES} that keep every file, more than are held open: none is called lost`, {
  timeout: TIMEOUT_MS,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...KEEPING_ACTIONS), { maxLength: 40 }), async (actions) => {
      expect(await new World(FEW_HELD).run(actions)).toEqual({ called: 0, lost: 0 });
    }),
    { numRuns: SEQUENCES, seed: SEED },
  );
});

test(`${SEQUENCES} in which backups are deleted: what does not arrive is counted, once`, {
  timeout: TIMEOUT_MS,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...DELETING_ACTIONS), { maxLength: 40 }), async (actions) => {
      const { called, lost } = await new World(FEW_HELD).run(actions);
      expect(called).toBe(lost);
    }),
    { numRuns: SEQUENCES, seed: SEED },
  );
});
