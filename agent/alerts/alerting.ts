/**
 * Alerting as the pipeline sees it: the engine, what it keeps on disk, and the rules it takes from there.
 */

import { loadRules } from '../../rules/load.ts';
import type { RuleSet } from '../../rules/ruleset.ts';
import { messageOf } from '../errors.ts';
import type { ProgramHost } from '../kernel/program-host.ts';
import type { Condition, MatchKind } from '../kernel/types.ts';
import type { Logger } from '../log.ts';
import type { Position, TrackedFile } from '../position.ts';
import { Alerts, type AlertsOptions } from './engine.ts';
import { Evaluated } from './evaluated.ts';
import { RulesWatch } from './rules-watch.ts';
import { AlertStateFile } from './state-file.ts';
import type { AlertStats } from './stats.ts';

export interface AlertingOptions extends Omit<AlertsOptions, 'onChange'> {
  /** Files and folders that the rules come from; without any nothing is kept. */
  readonly rulePaths: readonly string[];
  readonly stateDir: string;
  /** Whether reading waits because outbox and spool are full. */
  readonly isBlocked: () => boolean;
}

/** With persistence a target that is down need not hold up the stop: its notifications wait for the next start. */
const STOP_GRACE_MS = 2_000;

/** Looks between which alerting must be blocked for it to be an error, and not the usual wait for a slot. */
const BLOCKED_LOOK_MS = 1_000;

export interface ReloadStats {
  /** Of the last try; the start counts. */
  success: boolean;
  /** Epoch milliseconds of the last one that succeeded. */
  lastSuccessMs: number;
  succeeded: number;
  failed: number;
}

export class Alerting {
  readonly reload: ReloadStats = { success: true, lastSuccessMs: Date.now(), succeeded: 0, failed: 0 };
  readonly #paths: readonly string[];
  readonly #log: Logger;
  readonly #alerts: Alerts;
  readonly #evaluated: Evaluated;
  readonly #file: AlertStateFile;
  readonly #watch: RulesWatch;
  readonly #isBlockedNow: () => boolean;
  #program: ProgramHost | undefined;
  #reloading: Promise<void>;
  #blockedTimer: NodeJS.Timeout | undefined;
  #blocked: 'no' | 'seen' | 'told';

  constructor(options: AlertingOptions) {
    this.#paths = options.rulePaths;
    this.#log = options.log;
    this.#alerts = new Alerts({ ...options, onChange: () => this.#changed() });
    this.#evaluated = new Evaluated();
    this.#file = new AlertStateFile(options.stateDir, options.log, () => ({
      ...this.#alerts.save(this.#states()),
      positions: this.#evaluated.points(),
    }));
    this.#watch = new RulesWatch(this.#paths, () => {
      // In order: an older set must not come into force after a newer one.
      this.#reloading = this.#reloading.then(() => this.#reload());
    });
    this.#program = undefined;
    this.#isBlockedNow = options.isBlocked;
    this.#reloading = Promise.resolve();
    this.#blockedTimer = undefined;
    this.#blocked = 'no';
    this.#warn(options.rules);
  }

  get conditions(): readonly Condition[] {
    return this.#alerts.conditions;
  }

  get stats(): AlertStats {
    return this.#alerts.stats;
  }

  get stateStats(): Readonly<AlertStateFile['stats']> {
    return this.#file.stats;
  }

  /** Alerts wait with everything else. */
  get isBlocked(): boolean {
    return this.#isOn && this.#isBlockedNow();
  }

  get #isOn(): boolean {
    return this.#paths.length > 0;
  }

  /**
   * Goes on where the last run stopped.
   * @param program the kernel's, with `conditions` in force
   * @throws {TetrashipError} STATE when the state is of a newer version
   */
  async start(program: ProgramHost): Promise<void> {
    this.#program = program;
    if (!this.#isOn) return;
    const saved = this.#file.load();
    if (saved !== undefined) {
      this.#evaluated.restore(saved.positions);
      this.#alerts.restore(saved, program);
    }
    this.#watch.start();
    this.#blockedTimer = setInterval(() => this.#lookBlocked(), BLOCKED_LOOK_MS);
    this.#blockedTimer.unref();
  }

  /** `''` for a condition that is not there. */
  ruleName(condition: number): string {
    return this.#alerts.rules[condition]?.rule.name ?? '';
  }

  accept(condition: number, kind: MatchKind, row: Uint8Array): void {
    this.#alerts.accept(condition, kind, row);
  }

  /** Bytes of the file that were evaluated before a restart: to be sent again, and not evaluated again. */
  evaluatedUpTo(file: TrackedFile): number {
    return this.#evaluated.upTo(file);
  }

  /** That place is no end of a line: the file is evaluated from here on. */
  forget(file: TrackedFile): void {
    this.#evaluated.forget(file);
  }

  /** Everything before the place is evaluated. */
  passed(position: Position): void {
    if (this.#isOn) this.#evaluated.passed(position);
  }

  /** Runs the kernel over events that were evaluated before: its states stay what they are. */
  quietly(process: () => number): number {
    const program = this.#program;
    if (program === undefined) return process();
    const states = this.conditions.map((_, index) => program.state(index));
    const result = process();
    for (const [index, state] of states.entries()) program.restore(index, state);
    return result;
  }

  /** To be awaited before the checkpoint passes what is evaluated now; false: it must not. */
  async save(): Promise<boolean> {
    return this.#isOn && this.#program !== undefined ? this.#file.save() : true;
  }

  /** What cannot be delivered within the grace is kept for the next start. */
  async stop(graceMs: number): Promise<void> {
    this.#watch.stop();
    clearInterval(this.#blockedTimer);
    await this.#reloading;
    await this.#alerts.stop(this.#isOn ? Math.min(graceMs, STOP_GRACE_MS) : graceMs);
    if (this.#isOn && this.#program !== undefined) await this.#file.close();
  }

  #lookBlocked(): void {
    const before = this.#blocked;
    if (!this.isBlocked) {
      this.#blocked = 'no';
      if (before === 'told') this.#log.info('alerting goes on: there is room again');
      return;
    }
    this.#blocked = before === 'no' ? 'seen' : 'told';
    if (before !== 'seen') return;
    this.#log.error(
      'alerting waits: outbox and spool are full, so no further event is read, and alerts are late until the server takes rows again. Raise TETRASHIP_SPOOL_BYTES, or set TETRASHIP_WHEN_FULL=drop_oldest to give up the oldest rows instead',
    );
  }

  #changed(): void {
    if (this.#isOn && this.#program !== undefined) this.#file.changed();
  }

  #states(): ProgramHost {
    if (this.#program === undefined) throw new Error('alerting is saved before it is started');
    return this.#program;
  }

  async #reload(): Promise<void> {
    const program = this.#states();
    try {
      const rules = loadRules(...this.#paths);
      const prepared = this.#alerts.prepare(rules);
      const conditions = await program.prepare(prepared.conditions);
      this.#alerts.adopt(prepared, program, () => program.replace(conditions));
      Object.assign(this.reload, { success: true, lastSuccessMs: Date.now() });
      this.reload.succeeded++;
      this.#log.info('the rules have changed and are in force', { rules: prepared.rules.length });
      this.#warn(rules);
    } catch (error) {
      this.reload.success = false;
      this.reload.failed++;
      this.#log.error(
        `the rules have changed and cannot be used; the old ones stay in force: ${messageOf(error)}`,
      );
    }
  }

  /** What is legal and may be a slip, once and summed up. */
  #warn({ rules }: RuleSet): void {
    if (this.#isOn && !rules.some(({ enabled }) => enabled)) {
      // A mounted folder that was always empty is a choice; one that has become empty may be a slip.
      this.#log[this.reload.succeeded === 0 ? 'info' : 'warn'](
        'there are no rules in force: the files and folders of TETRASHIP_RULES hold none',
        {
          paths: this.#paths.join(', '),
        },
      );
    }
    const silent = rules.filter(({ enabled, targets }) => enabled && targets.length === 0);
    if (silent.length > 0) {
      this.#log.warn(
        'rules without a target notify nobody, they only count: give them targets, or "tetraship": {"defaultTargets": […]} beside "alerts"',
        { rules: silent.length, first: silent[0]?.name ?? '' },
      );
    }
    const unready = this.#alerts.rules.flatMap(({ instances }) =>
      instances.flatMap(({ name, fault }) => (fault === undefined ? [] : [{ ...name, fault }])),
    );
    const [first] = unready;
    if (first !== undefined) {
      this.#log.warn(
        'alert targets whose secrets cannot be read: notifications wait until they can, for a day at most; put the secrets where the rules name them',
        {
          ...{ targets: unready.length, rule: first.rule, target: first.target, cause: first.fault },
        },
      );
    }
  }
}
