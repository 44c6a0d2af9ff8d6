/** The whole agent inside the test's process: started, stopped in order, or killed between any two file operations. */

import fs from 'node:fs';
import { join } from 'node:path';
import { vi } from 'vitest';
import { type Config, loadConfig } from '../../agent/config.ts';
import { Pipeline } from '../../agent/pipeline.ts';
import { type BrokenFs, type Call, CHANGES } from '../disk/broken-fs.ts';
import { RecordingLog } from '../intake/harness.ts';
import { pass, settle } from './clock.ts';
import { server } from './memory-network.ts';

const GRACE_MS = 1_000;
/** Small, so that a few lines are a batch, and a few batches fill memory. */
const BATCH_BYTES = 1_024;
const OUTBOX_BYTES = 4_096;

export interface Place {
  readonly stateDir: string;
  readonly log: string;
}

function configOf({ stateDir, log }: Place): Config {
  const config = loadConfig({
    PARSEABLE_URL: 'http://server:8000',
    PARSEABLE_USERNAME: 'a',
    PARSEABLE_PASSWORD: 'a',
    TETRAGON_LOG: log,
    TETRASHIP_STATE_DIR: stateDir,
    TETRASHIP_NODE_NAME: 'node',
    TETRASHIP_COMPRESSION: 'none',
    TETRASHIP_FLUSH_INTERVAL: '100ms',
    TETRASHIP_RETRY_MAX: '500ms',
    TETRASHIP_MAX_LINE: '4KiB',
    TETRASHIP_SHUTDOWN_GRACE: `${GRACE_MS}ms`,
  });
  return { ...config, batchBytes: BATCH_BYTES, outboxBytes: OUTBOX_BYTES };
}

export class AgentInProcess {
  readonly log = new RecordingLog();
  readonly pipeline: Pipeline;
  /** A fault that ended it by itself. */
  fatal: unknown;
  readonly #broken: BrokenFs;
  readonly #place: Place;

  private constructor(place: Place, broken: BrokenFs) {
    this.#place = place;
    this.#broken = broken;
    this.pipeline = new Pipeline(configOf(place), this.log);
    this.fatal = undefined;
    this.pipeline.finished.catch((error: unknown) => {
      this.fatal = error;
    });
  }

  /** Throws what a start throws. */
  static async start(place: Place, broken: BrokenFs): Promise<AgentInProcess> {
    const agent = new AgentInProcess(place, broken);
    await agent.pipeline.start();
    await settle();
    return agent;
  }

  async stop(): Promise<void> {
    const stopped = this.pipeline.stop();
    let isStopped = false;
    void stopped.then(() => {
      isStopped = true;
    });
    while (!isStopped) await pass(GRACE_MS / 4);
    vi.clearAllTimers();
    await settle();
  }

  /** Nothing that it still does reaches the disk or the server. */
  async kill(): Promise<void> {
    this.die();
    await this.bury();
  }

  /** The instant itself. */
  die(): void {
    server.killClients();
    this.#broken.fault = ({ operation, path }: Call) =>
      CHANGES.has(operation) || (operation === 'open' && path.startsWith(this.#place.stateDir))
        ? 'EIO'
        : undefined;
  }

  /** Lets the dead one run out, and gives its descriptors back. */
  async bury(): Promise<void> {
    await settle();
    await this.stop();
    this.#broken.fault = () => undefined;
    // Its process would be gone; here it is this one, which lives.
    fs.rmSync(join(this.#place.stateDir, 'lock'), { force: true });
  }
}
