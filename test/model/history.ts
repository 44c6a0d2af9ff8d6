/** One random history: the log, the agent and the server, and the judgement at its end. */

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parseCheckpoint } from '../../agent/intake/checkpoint-format.ts';
import { BrokenFs, CHANGES } from '../disk/broken-fs.ts';
import { AgentInProcess } from './agent-in-process.ts';
import { pass, settle, settleThreads } from './clock.ts';
import { LogWorld, type ModelFile } from './log-world.ts';
import { type ServerMode, server } from './memory-network.ts';
import { tellWatchers } from './silent-chokidar.ts';

export type Action =
  | { readonly do: 'write'; readonly lines: number }
  | { readonly do: 'compress'; readonly half: boolean }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'server'; readonly mode: ServerMode }
  /** Killed at the nth change of the disk from now, just before it or just after. */
  | { readonly do: 'killAt'; readonly change: number; readonly isAfter: boolean }
  | Simple;

export interface Simple {
  readonly do:
    | 'piece'
    | 'complete'
    | 'rotate'
    | 'rotateTwice'
    | 'rotateInSameMillisecond'
    | 'rename'
    | 'deleteBackup'
    | 'deleteActive'
    | 'cut'
    | 'notify'
    | 'stop'
    | 'kill'
    | 'start';
}

/** In memory where that can be: a file system that syncs takes its time, of which nothing here is to be learned. */
const TEMPORARY = fs.existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
/** Far more than any back-off. */
const END_MS = 60_000;
const END_STEP_MS = 1_000;
/** Real turns a decompression is given. */
const MAX_THREAD_WAITS = 200;

export class History {
  readonly #folder = fs.mkdtempSync(join(TEMPORARY, 'tetraship-model-'));
  readonly #place = {
    stateDir: join(this.#folder, 'state'),
    log: join(this.#folder, 'logs', 'tetragon.log'),
  };
  readonly #broken: BrokenFs;
  readonly #world: LogWorld;
  #agent: AgentInProcess | undefined;
  #isDead = false;
  #runs = 0;
  #mayRepeat = false;
  readonly #errors: string[] = [];

  constructor() {
    server.reset();
    fs.mkdirSync(join(this.#folder, 'logs'));
    this.#world = new LogWorld(join(this.#folder, 'logs'));
    this.#broken = new BrokenFs(this.#place.stateDir);
  }

  /** Returns how many files the agent counted as lost. */
  async run(actions: readonly Action[]): Promise<number> {
    try {
      await this.#start();
      for (const action of actions) {
        await this.#act(action);
        await settle();
        if (this.#isDead) await this.#bury();
      }
      return await this.#end();
    } finally {
      server.mode = 'well';
      await this.#agent?.kill();
      this.#broken[Symbol.dispose]();
      fs.rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  async #act(action: Action): Promise<void> {
    const world = this.#world;
    switch (action.do) {
      case 'write':
        return world.write(action.lines);
      case 'piece':
        return world.piece();
      case 'complete':
        return world.complete();
      case 'rotate':
        return world.rotate();
      case 'rotateTwice':
        world.rotate();
        world.write(1);
        return world.rotate();
      case 'rotateInSameMillisecond':
        return world.rotate(true);
      case 'rename':
        return world.rename();
      case 'compress':
        return world.compress(action.half);
      case 'deleteBackup':
        return world.deleteBackup();
      case 'deleteActive':
        return world.deleteActive();
      case 'cut':
        return world.cut();
      case 'server':
        server.mode = action.mode;
        if (action.mode === 'storedAndReset') this.#mayRepeat = true;
        return;
      case 'pass':
        return pass(action.ms);
      case 'notify':
        return this.#notify();
      case 'killAt':
        return this.#killAt(action.change, action.isAfter);
      case 'stop':
        return this.#stop();
      case 'kill':
        this.#agent?.die();
        this.#isDead = this.#agent !== undefined;
        return;
      case 'start':
        return this.#start();
    }
  }

  async #notify(): Promise<void> {
    if (this.#agent === undefined) return;
    tellWatchers();
    await settle();
    if (!this.#isDead) this.#world.looked();
  }

  #killAt(change: number, isAfter: boolean): void {
    const agent = this.#agent;
    if (agent === undefined) return;
    let left = change;
    const count = (operation: Parameters<typeof CHANGES.has>[0]): boolean => {
      if (!CHANGES.has(operation) || this.#isDead || --left > 0) return false;
      agent.die();
      this.#isDead = true;
      return true;
    };
    if (isAfter) this.#broken.after = ({ operation }) => void count(operation);
    else this.#broken.fault = ({ operation }) => (count(operation) ? 'EIO' : undefined);
  }

  async #start(): Promise<void> {
    if (this.#agent !== undefined) return;
    this.#agent = await AgentInProcess.start(this.#place, this.#broken);
    this.#world.run = ++this.#runs;
    this.#world.looked();
  }

  async #stop(): Promise<void> {
    const agent = this.#agent;
    if (agent === undefined) return;
    // A body on its way when the grace ends is cut, and sent again.
    if (server.mode === 'slow') this.#mayRepeat = true;
    await agent.stop();
    if (!this.#isDead) this.#ended(agent);
  }

  /** The dead one, with what it left on disk. */
  async #bury(): Promise<void> {
    const agent = this.#agent;
    if (agent === undefined) return;
    this.#isDead = false;
    this.#mayRepeat = true;
    await agent.bury();
    this.#ended(agent);
  }

  #ended(agent: AgentInProcess): void {
    this.#agent = undefined;
    this.#broken.fault = () => undefined;
    this.#broken.after = () => {};
    this.#errors.push(...agent.log.lines.filter((line) => line.startsWith('error')));
    expect(agent.fatal).toBeUndefined();
    const path = join(this.#place.stateDir, 'checkpoint.json');
    const state = fs.existsSync(path) ? parseCheckpoint(fs.readFileSync(path, 'utf8')) : undefined;
    if (state !== undefined && typeof state !== 'object') throw new Error(`a bad checkpoint: ${state}`);
    const sizes = new Map<string, number>();
    for (const { file, sizeBytes, waiting } of state?.points ?? []) {
      sizes.set(file.identity.firstLineHash, sizeBytes);
      for (const { identity, sizeBytes } of waiting) sizes.set(identity.firstLineHash, sizeBytes);
    }
    this.#world.agentEnded((file) => sizes.get(firstLineHash(file)) ?? 0);
  }

  async #end(): Promise<number> {
    const world = this.#world;
    server.mode = 'well';
    this.#broken.fault = () => undefined;
    this.#broken.after = () => {};
    await this.#start();
    // What is not rotated away keeps its last piece.
    world.rotate();
    await this.#notify();
    const agent = this.#agent;
    if (agent === undefined) throw new Error('no agent');
    const { metrics } = agent.pipeline;
    for (let ms = 0; ms < END_MS; ms += END_STEP_MS) {
      await pass(END_STEP_MS);
      for (let wait = 0; metrics.lagBytes() > 0 && wait < MAX_THREAD_WAITS; wait++) {
        await settleThreads();
        if (server.mode === 'well' && !this.#isDecompressing()) break;
      }
      if (metrics.lagBytes() === 0 && metrics.outboxBytes() === 0 && metrics.spoolBytes() === 0 && ms > 0)
        break;
    }
    expect(metrics.lagBytes(), 'lag in bytes').toBe(0);
    expect(metrics.openFiles(), 'open files').toBe(1);
    this.#judge(agent);
    return metrics.lostFiles();
  }

  #isDecompressing(): boolean {
    return this.#world.backups.some(({ isCompressed }) => isCompressed);
  }

  #judge(agent: AgentInProcess): void {
    const { metrics } = agent.pipeline;
    const { log } = agent;
    const dead = this.#deadLetters();
    const { keys, unexcused, seenBytes } = this.#world.missing(
      (key) => server.stored.has(key) || dead.has(key),
    );
    expect(unexcused, 'lost').toEqual([]);
    const lostBytes = metrics.lostBytes();
    expect(lostBytes, `lost bytes; missing are ${keys}`).toBeGreaterThanOrEqual(seenBytes);
    expect(lostBytes, 'lost bytes, at most those of files that vanished').toBeLessThanOrEqual(
      this.#world.vanishedBytes,
    );
    if (seenBytes > 0) expect(metrics.lostFiles(), 'lost files').toBeGreaterThan(0);
    if (this.#world.vanishedBytes === 0) expect(metrics.lostFiles(), 'lost files').toBe(0);
    const errors = [...this.#errors, ...log.lines.filter((line) => line.startsWith('error'))];
    if (metrics.lostFiles() > 0) expect(errors.join('\n')).toContain('bytes are lost');
    if (this.#mayRepeat || this.#world.mayRepeat) return;
    const repeated = [...server.stored].filter(([, count]) => count > 1).map(([key]) => key);
    expect(repeated, 'sent twice without a kill or a fault').toEqual([]);
  }

  #deadLetters(): Set<number> {
    const folder = join(this.#place.stateDir, 'deadletters');
    if (!fs.existsSync(folder)) return new Set();
    const text = fs
      .readdirSync(folder)
      .map((name) => fs.readFileSync(join(folder, name), 'utf8'))
      .join('');
    return new Set([...text.matchAll(/seq-(\d+)/g)].map(([, key]) => Number(key)));
  }
}

function firstLineHash({ text }: ModelFile): string {
  const end = text.indexOf('\n') + 1;
  return end === 0 ? '' : createHash('sha256').update(text.slice(0, end)).digest('hex').slice(0, 32);
}
