/**
 * Each file operation of intake, checkpoint and lock made to fail, one call site at a time, with each of four errors:
 * once, and for some seconds. Then the disk is well again, and the agent goes on, or was killed meanwhile: every
 * event arrives, nobody meets an error that is not caught, and nothing is said to be lost.
 */

import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { BrokenFs, type Call } from '../disk/broken-fs.ts';
import { AgentInProcess, type Place } from './agent-in-process.ts';
import { pass, settle, settleThreads, useClock } from './clock.ts';
import { LogWorld } from './log-world.ts';
import { server } from './memory-network.ts';
import { useOneKernel } from './one-kernel.ts';
import { tellWatchers } from './silent-chokidar.ts';

vi.mock('../../agent/http-request.ts', () => import('./memory-network.ts'));
vi.mock('chokidar', () => import('./silent-chokidar.ts'));

/** In memory where that can be. */
const TEMPORARY = fs.existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const CODES = ['EIO', 'ENOSPC', 'EACCES', 'EMFILE'];
/** Spool and dead letters have tests of their own. */
const OURS = /^agent\/(?!delivery)/;
/** Shorter than the patience with a backup that cannot be opened. */
const BROKEN_MS = 3_000;
const MAX_TURNS = 60;
const TIMEOUT_MS = 180_000;

/** Calls that the scenario does not meet: those on /proc, on ways out of failures, and some with tests of their own. */
const NOT_MET = [
  '/proc/',
  'fs.existsSync(configured)',
  // The first start at the end, a damaged checkpoint, a lock that was cleaned away or taken over: their own tests.
  'fs.readSync(fd, piece, 0, high - low, low)',
  'fs.renameSync(this.#path, aside)',
  "{ flag: 'wx' }",
  'fs.linkSync(aside, path)',
  'fs.closeSync(fd);',
  // Asked for by people alone.
  'return this.isOpen ? fs.readSync(this.#fd, into',
];

/** They give up whatever happens, and nothing depends on them; or belong to `replay`, which ends with the error. */
const OPTIONAL = ['line-reader.ts', 'reserve.ts', 'file-list.ts'];

function callsInSource(): { site: string; text: string }[] {
  const folder = fileURLToPath(new URL('../../agent/intake', import.meta.url));
  const names = fs.readdirSync(folder).filter((name) => !OPTIONAL.includes(name));
  return names.flatMap((name) =>
    fs
      .readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .map((line, at) => ({ site: `agent/intake/${name}:${at + 1}`, text: line.trim() }))
      .filter(({ text }) => /\bfs\.\w+Sync\(/.test(text)),
  );
}

type Fault = (call: Call) => string | undefined;

/** What one run meets: a stale lock, a log with history, lines that are no events, rotation, copies, stop and start. */
class Scenario {
  readonly sites = new Map<string, number>();
  readonly #folder = fs.mkdtempSync(join(TEMPORARY, 'tetraship-broken-'));
  readonly #place: Place = {
    stateDir: join(this.#folder, 'state'),
    log: join(this.#folder, 'l*nk.log'),
  };
  readonly #broken = new BrokenFs(this.#folder);
  readonly #world: LogWorld;
  #agent: AgentInProcess | undefined;
  readonly #startErrors: unknown[] = [];

  constructor() {
    server.reset();
    fs.mkdirSync(join(this.#folder, 'logs'));
    fs.mkdirSync(this.#place.stateDir);
    fs.symlinkSync(join(this.#folder, 'logs', 'tetragon.log'), join(this.#folder, 'link.log'));
    this.#world = new LogWorld(join(this.#folder, 'logs'));
    this.#broken.after = ({ site, operation }) => {
      if (!OURS.test(site)) return;
      const name = `${site} ${operation}`;
      this.sites.set(name, (this.sites.get(name) ?? 0) + 1);
    };
  }

  async run(fault: Fault, isKilled: boolean): Promise<void> {
    try {
      const world = this.#world;
      fs.writeFileSync(
        join(this.#place.stateDir, 'lock'),
        JSON.stringify({ id: 'dead', pid: 2 ** 22 + 1, startTime: '1', namespace: '', boot: '', host: 'x' }),
      );
      fs.utimesSync(join(this.#place.stateDir, 'lock'), 0, 0);
      this.#unobserved(() => {
        world.write(3);
        world.rotate();
        world.write(2);
        world.rotate();
        world.compress(false);
        world.write(2);
      });
      this.#broken.fault = fault;
      await this.#start();
      this.#unobserved(() => world.write(2));
      await this.#told();
      this.#unobserved(() => {
        world.rotate();
        world.write(2);
        world.rotate();
        world.compress(false);
        world.write(1);
      });
      await this.#told();
      await this.#agent?.stop();
      this.#agent = undefined;
      this.#unobserved(() => {
        world.piece();
        world.rotate();
        world.write(3);
      });
      fs.writeFileSync(join(this.#place.stateDir, 'checkpoint.json.tmp'), 'of a crash');
      await this.#start();
      await this.#told();
      await pass(BROKEN_MS);
      if (isKilled) await this.#kill();
      this.#broken.fault = () => undefined;
      await this.#end();
    } finally {
      await this.#agent?.kill();
      this.#broken[Symbol.dispose]();
      fs.rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  async #kill(): Promise<void> {
    await this.#agent?.kill();
    this.#agent = undefined;
  }

  /** The writer's own calls do not fail. */
  #unobserved(act: () => void): void {
    const { fault } = this.#broken;
    this.#broken.fault = () => undefined;
    act();
    this.#broken.fault = fault;
  }

  async #start(): Promise<void> {
    if (this.#agent !== undefined) return;
    try {
      this.#agent = await AgentInProcess.start(this.#place, this.#broken);
    } catch (error) {
      this.#startErrors.push(error);
      // Its process would have ended.
      vi.clearAllTimers();
      fs.rmSync(join(this.#place.stateDir, 'lock'), { force: true });
    }
  }

  async #told(): Promise<void> {
    tellWatchers();
    await settleThreads();
    await pass(1_200);
  }

  async #end(): Promise<void> {
    const world = this.#world;
    await this.#start();
    world.rotate();
    for (let turn = 0; turn < MAX_TURNS && world.missing(this.#hasArrived).keys.length > 0; turn++)
      await this.#told();
    expect(world.missing(this.#hasArrived).keys, 'missing').toEqual([]);
    expect(this.#agent?.fatal).toBeUndefined();
    expect(this.#agent?.pipeline.metrics.lostFiles(), 'lost files').toBe(0);
    // A start may be refused, in words.
    for (const error of this.#startErrors) expect(String(error)).toMatch(/^TetrashipError: cannot /);
    await settle();
  }

  readonly #hasArrived = (key: number): boolean => {
    if (server.stored.has(key)) return true;
    const folder = join(this.#place.stateDir, 'deadletters');
    if (!fs.existsSync(folder)) return false;
    return fs
      .readdirSync(folder, { encoding: 'utf8' })
      .some((name) => fs.readFileSync(join(folder, name), 'utf8').includes(`seq-${key}\\"`));
  };
}

beforeAll(() => {
  useClock();
  useOneKernel();
});
afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const dry = new Scenario();
let sites: string[] = [];

test('without a fault all arrives, and every call site is met', async () => {
  await dry.run(() => undefined, false);
  sites = [...dry.sites.keys()].sort();
  const met = new Set(sites.map((site) => site.split(' ')[0]));
  const missed = callsInSource().filter(
    ({ site, text }) => !met.has(site) && !NOT_MET.some((part) => text.includes(part)),
  );
  expect(missed).toEqual([]);
});

describe('one call site broken', () => {
  const check = (name: string, isOnce: boolean, isKilled: boolean): void => {
    test(name, { timeout: TIMEOUT_MS }, async () => {
      expect(sites.length).toBeGreaterThan(20);
      const failures: string[] = [];
      for (const [at, site] of sites.entries()) {
        // Each error at each site once; otherwise they take turns.
        for (const code of isOnce && !isKilled ? CODES : [CODES[at % CODES.length] ?? '']) {
          let times = 0;
          const fault: Fault = (call) =>
            `${call.site} ${call.operation}` === site && (!isOnce || times++ === 0) ? code : undefined;
          await new Scenario().run(fault, isKilled).catch((error: unknown) => {
            failures.push(`${site} ${code}: ${String(error).slice(0, 200)}`);
          });
        }
      }
      expect(failures).toEqual([]);
    });
  };
  check('once, and it goes on', true, false);
  check('once, and it is killed', true, true);
  check('until it is well again', false, false);
  check('until it is killed', false, true);
});
