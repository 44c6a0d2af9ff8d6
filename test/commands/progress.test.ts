import { Writable } from 'node:stream';
import { WriteStream } from 'node:tty';
import { expect, test } from 'vitest';
import { Progress } from '../../agent/commands/progress.ts';
import { MiB } from '../../agent/limits.ts';

/** A stream that keeps what is written to it, as a terminal or not. */
function stream(isTTY: boolean): { text: () => string; stream: NodeJS.WriteStream } {
  let text = '';
  const sink = new Writable({
    write: (chunk, _, done) => {
      text += String(chunk);
      done();
    },
  });
  const fake: NodeJS.WriteStream = Object.assign(Object.create(WriteStream.prototype), {
    isTTY,
    write: (chunk: string) => sink.write(chunk),
  });
  return { text: () => text, stream: fake };
}

test('a bar over all files on a terminal, taken away at the end', () => {
  const terminal = stream(true);
  const progress = new Progress(4 * MiB, terminal.stream);
  progress.show(MiB);
  progress.show(2 * MiB); // too soon
  progress.end();
  expect(terminal.text().replaceAll('\u001b', 'ESC')).toMatch(
    /^\r\[#{8}\.{22}\] {2}25% {2}1\.0 MiB {2}\d+ MB\/s \rESC\[K$/,
  );
});

test('nothing where nobody watches', () => {
  const pipe = stream(false);
  const progress = new Progress(4 * MiB, pipe.stream);
  progress.show(MiB);
  progress.end();
  expect(pipe.text()).toBe('');
});
