import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Alerting } from '../../agent/alerts/alerting.ts';
import { Kernel } from '../../agent/kernel/kernel.ts';
import { loadRules } from '../../rules/load.ts';
import { LogBook, row, until } from './support.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'alerting-'));
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

function rules(...targets: unknown[][]): string {
  const file = join(folder, 'rules.json');
  const alerts = targets.map((targets, index) => ({
    name: `rule-${index}`,
    message: 'm',
    rule: { type: 'composite', config: 'a = 1' },
    targets,
  }));
  writeFileSync(file, JSON.stringify({ version: 'v1', alerts }));
  return file;
}

class Scene {
  readonly log = new LogBook();
  blocked = false;
  readonly alerting: Alerting;

  constructor(...rulePaths: string[]) {
    this.alerting = new Alerting({
      ...{ rulePaths, rules: loadRules(...rulePaths), stateDir: folder, log: this.log },
      ...{ stream: 's', nodeName: 'n', deploymentId: 'd', isBlocked: () => this.blocked },
    });
  }

  async start(): Promise<this> {
    const kernel = await Kernel.create({
      ...{ arrays: 'merge', jsonColumns: [], maxColumns: 100, maxLineBytes: 65_536 },
      ...{ addColumns: [], dropColumns: [], redactColumns: [], slotCount: 1, slotBytes: 65_536 },
      conditions: this.alerting.conditions,
    });
    await this.alerting.start(kernel.conditions);
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.alerting.stop(0);
  }
}

test('alerting that waits is an ERROR, once, and its end is told', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  await using scene = await new Scene(rules([])).start();
  const { alerting, log } = scene;
  scene.blocked = true;
  expect(alerting.isBlocked).toBe(true);
  vi.advanceTimersByTime(1_000);
  scene.blocked = false; // the usual wait for a slot is none
  vi.advanceTimersByTime(1_000);
  scene.blocked = true;
  expect(log.count('error')).toBe(0);
  vi.advanceTimersByTime(5_000);
  expect(log.count('error alerting waits: outbox and spool are full')).toBe(1);
  scene.blocked = false;
  vi.advanceTimersByTime(1_000);
  expect(log.count('info alerting goes on')).toBe(1);
});

test('without rules nothing waits, and nothing is kept', async () => {
  await using scene = await new Scene().start();
  scene.blocked = true;
  expect(scene.alerting.isBlocked).toBe(false);
  expect(await scene.alerting.save()).toBe(true);
  expect(readdirSync(folder)).toEqual([]);
});

test('what may be a slip is said once, summed up', () => {
  const target = { type: 'webhook', endpoint: `http://h/\${env:NOT_SET_ANYWHERE}` };
  const { log } = new Scene(rules([], [target], [], [target]));
  expect(log.lines).toEqual([
    expect.stringMatching(/^warn rules without a target notify nobody.*"rules":2,"first":"rule-0"/),
    expect.stringMatching(
      /^warn alert targets whose secrets cannot be read.*"targets":2,"rule":"rule-1","target":"webhook-1","cause":"the variable NOT_SET_ANYWHERE is not set"/,
    ),
  ]);
});

test('a state that cannot be written holds the checkpoint, is said once, and tried again', async () => {
  await using scene = await new Scene(rules([{ type: 'webhook', endpoint: 'http://127.0.0.1:9/' }])).start();
  const { alerting, log } = scene;
  const blocker = join(folder, 'alerts.json.tmp');
  // A folder in the place of the temporary file: every write fails.
  mkdirSync(blocker);
  alerting.accept(0, 'match', row({ a: 1 }));
  expect([await alerting.save(), await alerting.save()]).toEqual([false, false]);
  expect(alerting.stateStats).toMatchObject({ failing: true, writes: 0 });
  expect(log.count('error cannot write')).toBe(1);
  rmSync(blocker, { recursive: true });
  await until(() => !alerting.stateStats.failing);
  expect(log.count('info')).toBe(1);
  expect(readFileSync(join(folder, 'alerts.json'), 'utf8')).toContain('"rule":"rule-0"');
});
