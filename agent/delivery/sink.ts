/**
 * Sends the outbox's bodies: several at once while all is well, one at a time after a fault.
 *
 * Each job in state `ready` has one turn in the queue; when the turn comes, the job to try is chosen: the oldest,
 * or after a fault the one that was tried least recently, so that a body which the server cannot take never
 * stands in the way of those it can. Promises that nothing is on its way twice at the same time, and that what
 * becomes of a job is one of the ways of fate.ts.
 */

import fastq, { type queue } from 'fastq';
import { messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { isWordEnough, strike, strikeWords } from './blame.ts';
import type { Encoding } from './body.ts';
import type { Client, Wire } from './client.ts';
import { Fate, type FateOptions } from './fate.ts';
import { Gate, type GateState, type Pass } from './gate.ts';
import { Learned } from './learned.ts';
import { type Job, Outbox } from './outbox.ts';
import { decide, describe, type Outcome, pauseMs, simpler } from './retry.ts';
import { Spokesman } from './spokesman.ts';

export interface SinkOptions extends FateOptions {
  readonly client: Client;
  readonly log: Logger;
  /** Number of base URLs. */
  readonly routes: number;
  readonly compression: Encoding;
  readonly concurrency: number;
  readonly retryMaxMs: number;
  readonly outboxBytes: number;
}

export type SinkState = GateState | 'idle' | 'stopped';

/** What a turn carries: nothing. A job would keep its body in memory until the turn comes. */
const TURN = 0;

/** While credentials are refused: how soon it is noticed that they have changed. */
const CREDENTIALS_LOOK_MS = 1000;

/** Errors of our own (no memory to re-encode, a body that does not decode) before a body is given up. */
const MISHAPS_BEFORE_LOST = 3;

export class Sink {
  readonly outbox: Outbox;
  readonly gate: Gate;
  readonly learned: Learned;
  readonly #options: SinkOptions;
  readonly #spokesman: Spokesman;
  readonly #fate: Fate;
  readonly #turns: queue<number>;
  /** Jobs that wait on their own, with the timer that ends it. */
  readonly #resting: Map<Job, NodeJS.Timeout>;
  #life: 'idle' | 'running' | 'stopped';
  #resumeTimer: NodeJS.Timeout | undefined;
  #credentialsTimer: NodeJS.Timeout | undefined;
  /** Bodies stored. */
  #passes: number;
  #emptied: (() => void) | undefined;

  constructor(options: SinkOptions) {
    this.outbox = new Outbox(options.outboxBytes, options.stats);
    this.outbox.onEnter = () => this.#turns.push(TURN);
    this.gate = new Gate(options.routes, options.retryMaxMs, Date.now());
    this.learned = new Learned(options.compression);
    this.#options = options;
    this.#spokesman = new Spokesman(options.log, (route) => options.client.address(route));
    this.#fate = new Fate(options, this.outbox, this.#spokesman);
    this.#turns = fastq<Sink, number>(this, (_, done) => void this.#turn().then(() => done(null)), 1);
    this.#turns.pause();
    this.#resting = new Map();
    this.#life = 'idle';
    this.#resumeTimer = undefined;
    this.#credentialsTimer = undefined;
    this.#passes = 0;
    this.#emptied = undefined;
  }

  get state(): SinkState {
    return this.#life === 'running' ? this.gate.state : this.#life;
  }

  start(): void {
    this.#life = 'running';
    this.#steer();
  }

  /** Tries what is there at once and for as long as the grace lasts, then cuts the connections. */
  async stop(graceMs: number): Promise<void> {
    if (this.#life === 'running' && this.outbox.jobs.length > 0) {
      this.hurry();
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#emptied = resolve;
        timer = setTimeout(resolve, graceMs);
      });
      clearTimeout(timer);
    }
    this.#life = 'stopped';
    this.#turns.pause();
    clearTimeout(this.#resumeTimer);
    clearInterval(this.#credentialsTimer);
    for (const timer of this.#resting.values()) clearTimeout(timer);
    this.#resting.clear();
    await this.#options.client.destroy();
  }

  /** No pause now: the agent is stopping, and this is the last chance. */
  hurry(): void {
    this.gate.hurry();
    for (const job of [...this.#resting.keys()]) this.#wake(job);
    this.#steer();
  }

  /** Gives up a job that is not on its way. */
  drop(job: Job): void {
    this.#fate.dropped(job);
  }

  /** Opens or closes the queue of turns as the gate stands now. */
  #steer(): void {
    clearTimeout(this.#resumeTimer);
    if (this.#life !== 'running') return;
    const waitMs = this.gate.resumeAtMs - Date.now();
    if (waitMs > 0) {
      this.#turns.pause();
      this.#resumeTimer = setTimeout(() => this.#steer(), waitMs);
      return;
    }
    this.#turns.concurrency = this.gate.state === 'sending' ? this.#options.concurrency : 1;
    this.#turns.resume();
  }

  #pick(): Job | undefined {
    let chosen: Job | undefined;
    for (const job of this.outbox.jobs) {
      if (job.state !== 'ready') continue;
      if (this.gate.state === 'sending') return job;
      if (chosen === undefined || job.lastTryMs < chosen.lastTryMs) chosen = job;
    }
    return chosen;
  }

  /** One try of one job. Never rejects. */
  async #turn(): Promise<void> {
    const job = this.#life === 'running' ? this.#pick() : undefined;
    if (job === undefined) return;
    job.state = 'flying';
    job.lastTryMs = performance.now();
    try {
      await this.#try(job);
    } catch (error) {
      if (++job.mishaps < MISHAPS_BEFORE_LOST) this.#rest(job, job.mishaps);
      else this.#fate.lost(job, messageOf(error));
    }
    if (this.outbox.jobs.length === 0) this.#emptied?.();
  }

  async #try(job: Job): Promise<void> {
    const { client, encoder, stats } = this.#options;
    if (this.learned.isTooLong(job, Date.now())) return this.#cut(job);
    const wire = await this.learned.wire(job, encoder);
    const pass = this.gate.enter(Date.now());
    const outcome = await client.post(pass.route, wire);
    // Cut off by our own stop: it says nothing, and the body stays unsettled.
    if (this.#life === 'stopped') return;
    const { action, strikes } = decide(outcome, wire.encoding, this.learned.isProven(wire.encoding));
    if (action !== 'done' && action !== 'split' && action !== 'reject') stats.retries++;
    switch (action) {
      case 'done':
        return this.#passed(job, wire, pass);
      case 'retry':
        this.#fault(pass, 'waiting', outcome);
        return strikes === Number.POSITIVE_INFINITY
          ? this.#ready(job)
          : this.#blame(job, wire, pass, outcome, strikes);
      case 'refused':
      case 'held':
        stats.credentialsRefused = action === 'refused';
        this.#fault(pass, action, outcome);
        return this.#ready(job);
      case 'reencode':
        job.trial = simpler(wire.encoding);
        return this.#ready(job);
      case 'split':
        this.learned.tooLong(wire.rawLength, Date.now());
        return this.#refused(job, outcome);
      case 'reject':
        return this.#refused(job, outcome);
    }
  }

  #passed(job: Job, wire: Wire, pass: Pass): void {
    const nowMs = Date.now();
    this.#passes++;
    const before = this.learned.passed(job, wire, nowMs);
    if (before !== undefined) this.#spokesman.fallback(before, wire.encoding);
    if (this.gate.passed(pass, nowMs)) this.#spokesman.well();
    this.#fate.stored(job, wire.bytes.length, nowMs);
    this.#steer();
  }

  /** A fault that may be the server's or the body's. */
  async #blame(job: Job, wire: Wire, pass: Pass, outcome: Outcome, strikes: number): Promise<void> {
    const isCut = outcome.kind === 'fault' && outcome.code !== 'TIMEOUT';
    if (isCut && this.learned.isSuspect(job, wire)) return this.#cut(job);
    const words = strikeWords(outcome);
    let isWell = false;
    if (job.strikeText === words && isWordEnough(job, this.outbox.jobs, this.#passes)) {
      const answer = await this.#options.client.get(pass.route, '/api/v1/readiness');
      isWell = answer.kind === 'answer' && answer.status === 200;
    }
    if (strike(job, strikes, words, this.#passes, isWell)) return this.#refused(job, outcome);
    this.#rest(job, job.strikes);
  }

  #fault(pass: Pass, state: Exclude<GateState, 'sending'>, outcome: Outcome): void {
    const reason = describe(outcome);
    const wishMs = outcome.kind === 'answer' ? outcome.retryAfterMs : Number.NaN;
    const changed = this.gate.failed(pass, state, reason, wishMs, Date.now(), Math.random());
    if (changed) this.#spokesman.fault(state, reason, pass.route);
    this.#steer();
    if (changed && state === 'refused') this.#watchCredentials();
  }

  /** A secret that was rotated is tried at once, whatever the pause. */
  #watchCredentials(): void {
    clearInterval(this.#credentialsTimer);
    this.#credentialsTimer = setInterval(() => {
      if (this.gate.state !== 'refused') clearInterval(this.#credentialsTimer);
      else if (this.#options.client.hasNewCredentials) this.hurry();
    }, CREDENTIALS_LOOK_MS);
  }

  async #refused(job: Job, outcome: Outcome): Promise<void> {
    for (const _ of await this.#fate.refused(job, outcome, this.learned.encoding)) this.#turns.push(TURN);
  }

  async #cut(job: Job): Promise<void> {
    for (const _ of await this.#fate.cut(job, this.learned.encoding)) this.#turns.push(TURN);
  }

  #ready(job: Job): void {
    job.state = 'ready';
    this.#turns.push(TURN);
  }

  #rest(job: Job, times: number): void {
    if (this.#life !== 'running') return;
    job.state = 'resting';
    const restMs = pauseMs(times, Number.NaN, this.#options.retryMaxMs, Math.random());
    this.#resting.set(
      job,
      setTimeout(() => this.#wake(job), restMs),
    );
  }

  #wake(job: Job): void {
    clearTimeout(this.#resting.get(job));
    this.#resting.delete(job);
    // Dropped for room while it rested.
    if (job.state === 'resting') this.#ready(job);
  }
}
