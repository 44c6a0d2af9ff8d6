/** Standard input as a source. */

import { PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { Intake } from '../../agent/intake/intake.ts';
import { READ_CHUNK_BYTES } from '../../agent/limits.ts';
import { Reader, RecordingLog } from './harness.ts';

function inputIntake(stdin: Readable, log = new RecordingLog()): Intake {
  return new Intake({ paths: ['-'], readFrom: 'beginning', resume: undefined, log, stdin });
}

test('lines as they come, the last piece at the end, then it has ended', async () => {
  const stdin = new PassThrough();
  const intake = inputIntake(stdin);
  await intake.start();
  const reader = new Reader();
  const readWhenTold = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      intake.onReadable = resolve;
    });
    reader.readAll(intake);
  };
  stdin.write('a\nb');
  await readWhenTold();
  expect(reader.lines).toEqual(['a']);
  expect(intake.lagBytes()).toBe(1);
  stdin.end('c\nd');
  while (!intake.ended) await readWhenTold();
  expect(reader.lines).toEqual(['a', 'bc', 'd']);
  expect(intake.stats.readBytes).toBe(6);
  expect(intake.sources[0]?.offsetBytes).toBe(6);
  await intake.stop();
});

test('no more is taken from the writer than one read is worth', async () => {
  let given = 0;
  const endless = new Readable({
    highWaterMark: 1_000,
    read() {
      given += 500;
      this.push(Buffer.alloc(500, 'x'));
    },
  });
  const intake = inputIntake(endless);
  await intake.start();
  const into = Buffer.alloc(4_000);
  for (let turn = 0; turn < 2_000; turn++) {
    intake.sources[0]?.read(into);
    await new Promise(setImmediate);
  }
  expect(intake.sources[0]?.read(into)).toBe(4_000);
  expect(given).toBeLessThanOrEqual(READ_CHUNK_BYTES + 2_000);
  await intake.stop();
});

test('an input that fails is said, and what came before it is kept', async () => {
  const stdin = new PassThrough();
  const log = new RecordingLog();
  const intake = inputIntake(stdin, log);
  await intake.start();
  stdin.write('a\n');
  const reader = new Reader();
  await new Promise<void>((resolve) => {
    intake.onReadable = resolve;
  });
  reader.readAll(intake);
  stdin.destroy(new Error('broken'));
  await new Promise<void>((resolve) => {
    intake.onReadable = resolve;
  });
  reader.readAll(intake);
  expect(reader.lines).toEqual(['a']);
  expect(intake.ended).toBe(true);
  expect(log.count('cannot read standard input: broken')).toBe(1);
  await intake.stop();
});
