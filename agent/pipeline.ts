/**
 * The wiring: which stage hands what to which, who waits for whom, and the order of start and stop. The way
 * of the data is drawn in docs/architecture.md.
 */

import { join } from 'node:path';
import { loadRules } from '../rules/load.ts';
import { Alerting } from './alerts/alerting.ts';
import type { Config } from './config.ts';
import { Dataset } from './delivery/dataset.ts';
import { DeadLetters } from './delivery/deadletter.ts';
import { Delivery } from './delivery/delivery.ts';
import { Ledger } from './delivery/ledger.ts';
import { messageOf } from './errors.ts';
import { Feeder } from './feeder.ts';
import { Checkpoint } from './intake/checkpoint.ts';
import { Intake, type IntakeOptions, type LogIntake } from './intake/intake.ts';
import { readLine } from './intake/line-reader.ts';
import type { StateLock } from './intake/lock.ts';
import { Pace } from './intake/pace.ts';
import { keepReserve } from './intake/reserve.ts';
import { Batcher, type SealedBatch } from './kernel/batcher.ts';
import { Kernel } from './kernel/kernel.ts';
import { SLOT_COUNT } from './limits.ts';
import type { Logger } from './log.ts';
import type { MetricSources } from './ops/metric.ts';
import type { ReadinessFacts } from './ops/readiness.ts';
import { ColumnNames } from './pipeline-names.ts';
import { alertingOptions, deliveryOptions, kernelOptions, lockState } from './pipeline-options.ts';
import { stageFacts } from './pipeline-status.ts';
import { deadLetterOf, metricSources, readinessFacts, type Stages } from './pipeline-views.ts';
import type { StageFacts } from './status/facts.ts';
import type { Watcher } from './tap/hub.ts';

/** Between two checkpoints while data flows. */
const CHECKPOINT_INTERVAL_MS = 1000;
/** How often the end of standard input looks whether all of it is delivered. */
const END_LOOK_MS = 50;
/** Share of the shutdown grace for the rows; the rest is for alerts and the last checkpoint. */
const GRACE_FOR_ROWS = 0.8;

export interface PipelineParts {
  /** What finds the logs, when it is not the search for files that are being written. */
  readonly makeIntake?: (options: IntakeOptions) => LogIntake;
  /** Without a spool the files themselves are what waits for the server. */
  readonly hasSpool?: boolean;
}

export class Pipeline {
  readonly metrics: MetricSources;
  /** Resolves when standard input has ended and all of it is delivered; rejects on a fault that ends the agent. */
  readonly finished: Promise<void>;
  readonly #config: Config;
  readonly #log: Logger;
  readonly #ledger: Ledger;
  readonly #deadLetters: DeadLetters;
  readonly #delivery: Delivery;
  readonly #dataset: Dataset;
  readonly #alerts: Alerting;
  readonly #checkpoint: Checkpoint;
  readonly #lock: StateLock;
  readonly #stages: Stages;
  #kernel: Kernel | undefined;
  readonly #makeIntake: (options: IntakeOptions) => LogIntake;
  #intake: LogIntake | undefined;
  #batcher: Batcher | undefined;
  #feeder: Feeder | undefined;
  readonly #checkpointPace: Pace;
  /** Bytes read before each open batch began, and before the batch that is being filled. */
  readonly #readBefore: Map<number, number>;
  #readBeforeFilling: number;
  #names: ColumnNames | undefined;
  #watcher: Watcher | undefined;
  #finish: () => void;
  #fail: (error: Error) => void;

  /**
   * Locks the state folder; reads nothing of the logs yet.
   * @param parts others than the usual ones
   * @throws TetrashipError STATE, RULES or CONFIG
   */
  constructor(config: Config, log: Logger, parts: PipelineParts = {}) {
    this.#config = config;
    this.#makeIntake = parts.makeIntake ?? ((options) => new Intake(options));
    this.#log = log;
    const rules = loadRules(...(config.rules ?? []));
    this.#lock = lockState(config.stateDir);
    this.#checkpoint = new Checkpoint(config.stateDir, log);
    this.#ledger = new Ledger();
    this.#deadLetters = new DeadLetters({
      folder: join(config.stateDir, 'deadletters'),
      node: config.nodeName,
      maxBytes: config.deadLetterBytes,
      log,
    });
    this.#delivery = new Delivery({
      ...deliveryOptions(config),
      ...(parts.hasSpool === false && { spool: undefined }),
      deadLetters: this.#deadLetters,
      lineOf: readLine,
      log,
      onSettled: (sequence) => this.#settled(sequence),
    });
    this.#dataset = new Dataset({
      file: join(config.stateDir, 'names.json'),
      maxColumns: config.maxColumns,
      readSchema: () => this.#delivery.readSchema(),
      onColumns: (names, frozen) => this.#names?.learn(names, frozen),
      log,
    });
    this.#alerts = new Alerting({
      ...alertingOptions(config, log),
      rules,
      isBlocked: () => this.#delivery.full,
    });
    this.#kernel = undefined;
    this.#intake = undefined;
    this.#batcher = undefined;
    this.#feeder = undefined;
    this.#checkpointPace = new Pace(CHECKPOINT_INTERVAL_MS, () => void this.#writeCheckpoint());
    this.#readBefore = new Map();
    this.#readBeforeFilling = 0;
    this.#names = undefined;
    this.#watcher = undefined;
    this.#finish = () => undefined;
    this.#fail = () => undefined;
    this.finished = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    this.#stages = {
      config,
      delivery: this.#delivery,
      deadLetters: this.#deadLetters,
      alerts: this.#alerts,
      checkpoint: this.#checkpoint,
      kernel: () => this.#kernel,
      feeder: () => this.#feeder,
      intake: () => this.#intake,
      unsettledBytes: () => this.#unsettledBytes(),
    };
    this.metrics = metricSources(this.#stages);
  }

  async start(): Promise<void> {
    const config = this.#config;
    const names = this.#dataset.load();
    const kernel = await Kernel.create({
      ...kernelOptions(config),
      conditions: this.#alerts.conditions,
      names,
    });
    this.#kernel = kernel;
    await this.#alerts.start(kernel.conditions);
    this.#names = new ColumnNames(kernel, this.#dataset);
    this.#batcher = new Batcher(kernel, {
      slotCount: SLOT_COUNT,
      flushIntervalMs: config.flushIntervalMs,
      onSealed: (batch) => this.#ship(batch),
    });
    const intake = this.#makeIntake({
      paths: config.logs,
      readFrom: config.readFrom,
      resume: this.#checkpoint.load(),
      log: this.#log,
    });
    this.#intake = intake;
    this.#feeder = new Feeder({
      kernel,
      batcher: this.#batcher,
      sources: () => intake.sources,
      onReject: (reject) => this.#deadLetters.append(deadLetterOf(reject)),
      onMatch: ({ condition, kind, row }) => {
        this.#alerts.accept(condition, kind, row);
        this.#watcher?.alert(this.#alerts.ruleName(condition), kind, row);
      },
      evaluation: this.#alerts,
      onIdle: () => this.#idle(),
    });
    this.#delivery.start();
    this.#dataset.start();
    intake.onReadable = () => this.#feeder?.wake();
    // Also while nothing is delivered: the sizes last seen are what a loss is measured by.
    intake.onFiles = () => this.#checkpointPace.later();
    await intake.start();
    // Where this very first run began: the next one must not take what it finds for the beginning.
    // Not waited for: a disk that stalls must not keep alerts back.
    void this.#writeCheckpoint();
    this.#feeder.start();
  }

  /** Stops in the order of the data: reading, rows, alerts, checkpoint. Never rejects. */
  async stop(): Promise<void> {
    const graceMs = this.#config.shutdownGraceMs;
    this.#dataset.stop();
    this.#feeder?.stop();
    this.#batcher?.seal();
    const [left] = await Promise.all([
      this.#delivery.stop(graceMs * GRACE_FOR_ROWS),
      this.#alerts.stop(graceMs * GRACE_FOR_ROWS),
    ]);
    if (left.rows > 0) {
      this.#log.warn(
        `${left.rows} rows were not acknowledged within the grace; they are read and sent again after the next start`,
      );
    }
    this.#checkpointPace.stop();
    await this.#writeCheckpoint();
    this.#checkpoint.close();
    await this.#intake?.stop();
    this.#deadLetters.close();
    keepReserve(this.#config.stateDir);
    this.#lock.release();
  }

  readiness(): ReadinessFacts {
    return readinessFacts(this.#stages, this.#dataset);
  }

  /** For people: what the metrics do not say. */
  facts(): StageFacts {
    return stageFacts(this.#stages);
  }

  /** Shows what passes to somebody, or to nobody any more. */
  watch(watcher: Watcher | undefined): void {
    this.#watcher = watcher;
  }

  /** A full or timed-out slot leaves for delivery; it is free again when its body is in the outbox. */
  #ship(batch: SealedBatch): void {
    this.#ledger.sealed(batch.sequence, batch.positions);
    this.#readBefore.set(batch.sequence, this.#readBeforeFilling);
    this.#readBeforeFilling = this.#feeder?.stats.readBytes ?? 0;
    this.#names?.note();
    this.#watcher?.rows(batch.raw, batch.rows.ends);
    this.#delivery.accept(batch).then(
      () => {
        this.#batcher?.release(batch.slot);
        this.#feeder?.wake();
      },
      (error: unknown) => this.#notAccepted(error),
    );
  }

  /** Only while stopping, when the bytes are read again by the next start; else a fault that nothing here mends. */
  #notAccepted(error: unknown): void {
    if (this.#delivery.state === 'stopped') this.#log.debug(messageOf(error));
    else this.#fail(error instanceof Error ? error : new Error(messageOf(error)));
  }

  #settled(sequence: number): void {
    this.#ledger.settled(sequence);
    this.#readBefore.delete(sequence);
    if (this.#ledger.dirty) this.#checkpointPace.soon();
  }

  /** Bytes read since the oldest byte that is not settled. */
  #unsettledBytes(): number {
    const [oldest] = this.#readBefore.values();
    return (this.#feeder?.stats.readBytes ?? 0) - (oldest ?? this.#readBeforeFilling);
  }

  /** Never rejects. */
  async #writeCheckpoint(): Promise<void> {
    if (this.#intake === undefined) return;
    // Before all else: what is settled while this waits must not be passed without its dead letters.
    await this.#names?.save();
    // Dead letters first: the checkpoint must not pass a line that only a page cache remembers.
    if (!this.#deadLetters.flush()) {
      if (this.#delivery.state !== 'stopped') this.#checkpointPace.soon();
      return;
    }
    // The alerts first: the checkpoint must not pass an event whose alert only this process remembers.
    const state = this.#intake.resumeState(this.#ledger.takeLowWater());
    if (await this.#alerts.save()) return this.#checkpoint.save(state);
    this.#ledger.dirty = true;
    if (this.#delivery.state !== 'stopped') this.#checkpointPace.soon();
  }

  #idle(): void {
    if (this.#intake?.ended === true) this.#finishInput();
  }

  /** Standard input is over: what is left goes out, and the agent ends. */
  #finishInput(): void {
    this.#batcher?.seal();
    if (this.#ledger.openCount === 0) this.#finish();
    else setTimeout(() => this.#finishInput(), END_LOOK_MS);
  }
}
