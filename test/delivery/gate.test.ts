import { describe, expect, test } from 'vitest';
import { Gate } from '../../agent/delivery/gate.ts';

const NONE = Number.NaN;

describe('one URL', () => {
  test('of several tries that fail together one counts', () => {
    const gate = new Gate(1, 10_000, 0);
    const passes = [gate.enter(0), gate.enter(0), gate.enter(0)];
    const [a, b, c] = passes;
    if (a === undefined || b === undefined || c === undefined) throw new Error('no pass');
    expect(gate.failed(a, 'waiting', 'x', NONE, 100, 1)).toBe(true);
    expect(gate.failed(b, 'waiting', 'y', NONE, 150, 1)).toBe(false);
    expect(gate.failed(c, 'refused', 'z', NONE, 150, 1)).toBe(false);
    expect(gate.resumeAtMs).toBe(350);
    expect(gate.state).toBe('waiting');
    expect(gate.failed(gate.enter(350), 'waiting', 'x', NONE, 400, 1)).toBe(false);
    expect(gate.resumeAtMs).toBe(900);
  });

  test('a pass opens it and forgets the failures', () => {
    const gate = new Gate(1, 10_000, 0);
    for (let i = 0; i < 5; i++) gate.failed(gate.enter(0), 'waiting', 'x', NONE, 0, 1);
    expect(gate.passed(gate.enter(5000), 5000)).toBe(true);
    expect(gate).toMatchObject({ state: 'sending', reason: '', resumeAtMs: 0 });
    expect(gate.passed(gate.enter(5000), 5000)).toBe(false);
    gate.failed(gate.enter(5000), 'waiting', 'x', NONE, 5000, 1);
    expect(gate.resumeAtMs).toBe(5250);
  });

  test('a pause that was asked for is not cut short by a pass, but by the end of the agent', () => {
    const gate = new Gate(1, 10_000, 0);
    const slow = gate.enter(0);
    gate.failed(gate.enter(0), 'waiting', 'x', 4000, 0, 0);
    expect(gate.passed(slow, 100)).toBe(false);
    expect(gate).toMatchObject({ state: 'waiting', resumeAtMs: 4000 });
    gate.hurry();
    expect(gate.resumeAtMs).toBe(0);
    expect(gate.passed(gate.enter(200), 200)).toBe(true);
  });

  test('one trouble after another is a change', () => {
    const gate = new Gate(1, 10_000, 0);
    expect(gate.failed(gate.enter(0), 'refused', '403', NONE, 0, 0)).toBe(true);
    expect(gate.failed(gate.enter(0), 'waiting', '503', NONE, 10, 0)).toBe(true);
    expect(gate).toMatchObject({ state: 'waiting', reason: '503', sinceMs: 10 });
  });
});

describe('several URLs', () => {
  test('are tried in turn without a pause; a full round is followed by one', () => {
    const gate = new Gate(3, 10_000, 0);
    const routes: number[] = [];
    const resumes: number[] = [];
    for (let i = 0; i < 7; i++) {
      const pass = gate.enter(0);
      routes.push(pass.route);
      gate.failed(pass, 'waiting', 'x', NONE, 0, 1);
      resumes.push(gate.resumeAtMs);
    }
    expect(routes).toEqual([0, 1, 2, 0, 1, 2, 0]);
    expect(resumes).toEqual([0, 0, 250, 0, 0, 500, 0]);
  });

  test('the first is come back to: one try a minute, which changes nothing when it fails', () => {
    const gate = new Gate(2, 10_000, 0);
    gate.failed(gate.enter(0), 'waiting', 'x', NONE, 0, 0.5);
    const second = gate.enter(10);
    expect(second.route).toBe(1);
    gate.passed(second, 10);
    expect(gate.enter(59_000).route).toBe(1);

    const back = gate.enter(60_000);
    expect(back.route).toBe(0);
    expect(gate.enter(60_001).route).toBe(1);
    expect(gate.failed(back, 'waiting', 'x', NONE, 60_100, 1)).toBe(false);
    expect(gate).toMatchObject({ state: 'sending', resumeAtMs: 0 });

    const again = gate.enter(120_000);
    expect(again.route).toBe(0);
    gate.passed(again, 120_010);
    expect(gate.enter(120_020).route).toBe(0);
  });

  test('agents that left the first together do not come back to it together', () => {
    const backAt = (random: number) => {
      const gate = new Gate(2, 10_000, 0);
      gate.failed(gate.enter(0), 'waiting', 'x', NONE, 0, random);
      let nowMs = 0;
      while (gate.enter(nowMs).route !== 0) nowMs += 1000;
      return nowMs;
    };
    expect([0, 0.5, 1].map(backAt)).toEqual([30_000, 60_000, 90_000]);
  });
});
