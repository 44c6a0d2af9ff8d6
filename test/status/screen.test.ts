import { expect, test } from 'vitest';
import { renderScreen } from '../../agent/status/screen.ts';
import { statusOf } from '../../agent/status/status.ts';
import { parts, RUNNING } from './support.ts';

const HOSTILE = `\u001b[2J\u202e${'x'.repeat(300)}\n`;

function hostileStatus() {
  const [file] = RUNNING.files;
  return statusOf(
    parts(
      {
        files: file === undefined ? [] : Array.from({ length: 9 }, () => ({ ...file, path: HOSTILE })),
        server: { ...RUNNING.server, state: 'held', reason: HOSTILE },
        rules: [{ rule: HOSTILE, matched: 1e12, fired: 1, resolved: 0, lastMatchMs: 1 }],
        targets: [],
      },
      { readBytes: () => 1e15 },
      { node: HOSTILE, problems: () => [{ timeMs: 1, level: 'error', text: HOSTILE }] },
    ),
  );
}

test.each([40, 80, 200])('at %i columns nothing is wider, and nothing acts', (columns) => {
  const lines = renderScreen(hostileStatus(), { columns, colour: false });
  for (const line of lines) {
    expect([...line].length).toBeLessThanOrEqual(columns);
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  }
  expect(lines.join('\n')).toContain('and 3 more');
});

test('colours are the only controls', () => {
  const status = hostileStatus();
  const text = renderScreen(status, { columns: 80, colour: true }).join('\n');
  const plain = text
    .split('\u001b[')
    .map((piece) => piece.replace(/^[\d;]+m/, ''))
    .join('');
  expect(plain).not.toMatch(/(?!\n)\p{Cc}/u);
  expect(plain).toBe(renderScreen(status, { columns: 80, colour: false }).join('\n'));
});

test('a file says how much of it is not read, and how old the oldest event in it is', () => {
  const lines = renderScreen(statusOf(parts()), { columns: 80, colour: false });
  expect(lines).toContain('  /var/run/cilium/tetragon/tetragon.log  lag 10 B, 3 min 20 s old');
});

test('each stage is a line, the headline is on top', () => {
  const lines = renderScreen(statusOf(parts()), { columns: 80, colour: false });
  expect(lines[0]).toMatch(/^tetraship 1\.2\.3 on node-1 +up .* UTC$/);
  expect(lines[2]).toBe('● well  All is well: what is written arrives.');
  expect(
    lines.filter((line) => /^(read|kernel|batches|outbox|spool|sink|alerts) +● well/.test(line)),
  ).toHaveLength(7);
});
