/** What people are shown of the files that are read: above all how far behind they are. */

import fs from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Intake } from '../../agent/intake/intake.ts';
import type { LogFacts } from '../../agent/intake/log-facts.ts';
import { type Bench, makeIntake, Reader, RecordingLog, temporaryFolder, Writer } from './harness.ts';

let folder: string;
let writer: Writer;
let intake: Intake;

beforeEach(() => {
  folder = temporaryFolder();
  writer = new Writer(folder);
});

afterEach(async () => {
  await intake.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

async function start(options: Bench['options'] = {}): Promise<void> {
  intake = makeIntake(writer.path, new RecordingLog(), options);
  await intake.start();
}

function eventOf(ageSeconds: number, inside = '{}'): string {
  const time = new Date(Date.now() - ageSeconds * 1_000).toISOString();
  return `{"process_exec":${inside},"node_name":"n","time":"${time}"}\n`;
}

/** To minutes: a test may take seconds. */
function minutesBehind(): (number | null)[] {
  const minutes = ({ lagSeconds }: LogFacts): number | null =>
    lagSeconds === null ? null : Math.floor(lagSeconds / 60);
  return intake.files().map(minutes);
}

test('the oldest event that is not read tells the age, before, while and after it is read', async () => {
  writer.write(eventOf(600) + eventOf(300));
  await start();
  expect(minutesBehind()).toEqual([10]);
  const reader = new Reader(100);
  const [source] = intake.sources;
  if (source !== undefined) reader.readOnce(source);
  expect(reader.lines).toHaveLength(1);
  expect(minutesBehind()).toEqual([5]);
  reader.readAll(intake);
  expect(intake.files()[0]).toMatchObject({ lagBytes: 0, lagSeconds: 0 });
});

test('a time inside the event, or in the future, or none, misleads nobody', async () => {
  writer.write(
    eventOf(600, '{"pod_labels":{"time":"1999-01-01T00:00:00Z"},"arguments":"\\"time\\":\\"x\\""}'),
  );
  await start();
  expect(minutesBehind()).toEqual([10]);
  for (const [line, want] of [
    [eventOf(-600), 0],
    ['no event\n', null],
    ['{"time":"never"}\n', null],
    ['half an event', null],
    [`${'x'.repeat(100_000)}${eventOf(600)}`, null],
  ] as const) {
    writer.rotate();
    writer.write(line);
    intake.look();
    expect(minutesBehind().at(-1)).toBe(want);
  }
});

test('each of the files that wait has its own; one that waits closed, or compressed, has none', async () => {
  for (const ageSeconds of [600, 480, 360]) {
    writer.write(eventOf(ageSeconds));
    writer.rotate();
  }
  writer.write(eventOf(60));
  await start({ heldLimits: { files: 3, deletedBytes: 1 << 30 } });
  expect(minutesBehind()).toEqual([10, 8, null, 1]);
  await intake.stop();
  writer.compress(writer.backups()[0] ?? '');
  await start();
  expect(minutesBehind()).toEqual([null, 8, 6, 1]);
  const [source] = intake.sources;
  const into = new Uint8Array(10);
  while (source?.read(into) === 0) await new Promise(setImmediate);
  expect(minutesBehind()).toEqual([10, 8, 6, 1]);
});
