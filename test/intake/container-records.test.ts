/** Lines of a container runtime: prefixes removed, pieces joined, every length and offset as in the file. */

import fs from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ContainerRecords, isContainerRecord } from '../../agent/intake/container-records.ts';
import { makeIntake, Reader, RecordingLog, temporaryFolder, Writer } from './harness.ts';

const TIME = '2026-01-02T15:04:05.123456789Z';

describe('recognised by the first line', () => {
  const check = (line: string, want: boolean): void => {
    test(line, () => expect(isContainerRecord(Buffer.from(line))).toBe(want));
  };
  check(`${TIME} stdout F {"a":1}\n`, true);
  check(`${TIME} stderr P {"a":1}\n`, true);
  check('2016-10-06T00:17:09+02:00 stdout F:tag1:tag2 x', true);
  check(`${TIME} stdout X {"a":1}\n`, false);
  check(`${TIME} stdin F {"a":1}\n`, false);
  check('{"time":"2016-10-06T00:17:09Z stdout F "}', false);
  check('', false);
});

function joined(text: string, isEnd = false): string {
  const data = Buffer.from(text);
  new ContainerRecords().join(data, data.length, isEnd);
  expect(data.length).toBe(Buffer.byteLength(text));
  return data.toString();
}

describe('in place', () => {
  const F = `${TIME} stdout F `;
  const P = `${TIME} stdout P `;
  const blanks = (count: number): string => ' '.repeat(count);
  const check = (name: string, text: string, want: string, isEnd = false): void => {
    test(name, () => expect(joined(text, isEnd)).toBe(want));
  };
  check('one record', `${F}{"a":1}\n`, `${blanks(F.length)}{"a":1}\n`);
  check('an empty one', `${F}\n`, `${blanks(F.length)}\n`);
  check('pieces', `${P}{"a":"x\n${F}y"}\n`, `${blanks(P.length * 2 + 1)}{"a":"xy"}\n`);
  check('pieces without an end yet', `${P}abc\n`, `${blanks(P.length + 1)}abc`);
  check('half a record after a whole one', `${F}a\n${F}b`, `${blanks(F.length)}a\n${blanks(F.length)}b`);
  check('half a prefix', `${P}a\n${TIME} std`, `${blanks(P.length + 1 + TIME.length + 4)}a`);
  check('half a prefix at the end', `${F}a\n${TIME} std`, `${blanks(F.length)}a\n${TIME} std`, true);
  check('a piece at the end', `${P}a\n`, `${blanks(P.length + 1)}a`, true);
  check('a line without a prefix', `${F}a\n{"b": "c F d"}\n`, `${blanks(F.length)}a\n{"b": "c F d"}\n`);
  check(
    'pieces that something interrupts',
    `${P}a\nx\n${F}b\n`,
    `${blanks(P.length)}a\nx\n${blanks(F.length)}b\n`,
  );
});

/** Blanks inside payloads are not told from those put before them. */
const bare = (text: string): string => text.replaceAll(' ', '');

test('any records, in any pieces, read in any steps, also by a reader that takes half of one', () => {
  const payload = fc.string({ unit: fc.constantFrom('a', ' ', '"', 'é', 'F', 'P'), maxLength: 40 });
  const record = fc.record({
    pieces: fc.array(payload, { minLength: 1, maxLength: 4 }),
    tag: fc.constantFrom('', ':t'),
  });
  fc.assert(
    fc.property(
      fc.array(record, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 400 }),
      (records, steps, patience) => {
        const lines = records.flatMap(({ pieces, tag }) =>
          pieces.map((text, at) => `${TIME} stdout ${at < pieces.length - 1 ? 'P' : 'F'}${tag} ${text}\n`),
        );
        const file = Buffer.from(lines.join(''));
        const join = new ContainerRecords();
        let output = '';
        let view = 0;
        for (let offset = 0, turn = 0; offset < file.length; turn++) {
          view += steps[turn % steps.length] ?? 1;
          const data = Buffer.from(file.subarray(offset, offset + view));
          join.join(data, data.length, false);
          const newline = data.indexOf(0x0a) + 1;
          const taken = newline > 0 || view < patience ? newline : data.length;
          join.taken(taken);
          output += data.toString('latin1', 0, taken);
          offset += taken;
          if (taken > 0) view = 0;
        }
        const want = records
          .map(({ pieces }) => Buffer.from(`${pieces.join('')}\n`).toString('latin1'))
          .join('');
        expect(bare(output)).toBe(bare(want));
        expect(output.length).toBe(file.length);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('a followed file: joined lines, offsets of the file, the checkpoint goes on between records', async () => {
  const folder = temporaryFolder();
  const writer = new Writer(folder);
  const log = new RecordingLog();
  writer.write(`${TIME} stdout F {"a":1}\n${TIME} stdout P {"b"`);
  let intake = makeIntake(writer.path, log);
  await intake.start();
  const reader = new Reader(256);
  reader.readAll(intake);
  expect(reader.lines.map((line) => line.trim())).toEqual(['{"a":1}']);
  expect(reader.safe.get(writer.path)?.offsetBytes).toBe(TIME.length + 18);
  const resume = intake.resumeState(reader.safe);
  await intake.stop();
  writer.write(`\n${TIME} stdout F :2}\n`);
  writer.write(`${TIME} stdout F {"c":3}`);
  writer.rotate();
  intake = makeIntake(writer.path, log, { resume });
  await intake.start();
  reader.readAll(intake);
  expect(reader.lines.map((line) => line.trim())).toEqual(['{"a":1}', '{"b":2}', '{"c":3}']);
  await intake.stop();
  fs.rmSync(folder, { recursive: true });
});
