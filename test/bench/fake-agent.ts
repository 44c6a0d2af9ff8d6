/**
 * Takes the agent's place in the demo's own tests: follows the log, sends two columns of each event, fires each
 * alert once. Arguments make it a bad agent: `lose` drops events, `mute` fires nothing, `die` ends early,
 * `stubborn` survives a lost server and SIGTERM, `crooked` exits with 3, `nest` sends rows that are not flat,
 * `deaf` never tells its address.
 */

import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const { PARSEABLE_URL, PARSEABLE_STREAM, TETRAGON_LOG = '', TETRASHIP_RULES = '' } = process.env;
const faults = new Set(process.argv.slice(2));
const POLL_MS = 20;
const DIE_AFTER_MS = 500;
const LIFE_MS = 60_000;

let stopping = false;
process.on('SIGTERM', () => {
  stopping = !faults.has('stubborn');
});
// Whatever a broken demo forgets does not stay for ever.
setTimeout(() => process.exit(6), LIFE_MS);
if (faults.has('die')) setTimeout(() => process.exit(4), DIE_AFTER_MS);

const webhookUrl = /"endpoint": "([^"]+)"/.exec(readFileSync(TETRASHIP_RULES, 'utf8'))?.[1] ?? '';
const fired = new Set<string>();
const chunk = Buffer.alloc(1024 * 1024);
let file = openSync(TETRAGON_LOG, 'r');
let rest = '';

const server = createServer((_, response) =>
  response.end('tetraship_lag_seconds 0.25\nprocess_resident_memory_bytes 5e7\n'),
);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  if (faults.has('deaf')) process.exit(5);
  console.error(`info: starts PARSEABLE_URL="${PARSEABLE_URL}"`);
  console.error(`info: listening on http://127.0.0.1:${port}`);
});

async function ship(text: string): Promise<void> {
  const lines = (rest + text).split('\n');
  rest = lines.pop() ?? '';
  const rows: unknown[] = [];
  for (const line of lines) {
    const cluster_name = /"cluster_name":"(seq-\d+)"/.exec(line)?.[1];
    const tool = /"process_exit":.*"binary":"\/usr\/bin\/(wget|curl)"/.exec(line)?.[1];
    if (tool !== undefined) await fire(`${tool}_command`);
    if (faults.has('lose') && cluster_name?.endsWith('7')) continue;
    rows.push(faults.has('nest') ? { cluster_name, args: [1] } : { cluster_name });
  }
  if (rows.length === 0) return;
  const authorization = `Basic ${Buffer.from('admin:admin').toString('base64')}`;
  await fetch(`${PARSEABLE_URL}/api/v1/ingest`, {
    method: 'POST',
    headers: { authorization, 'x-p-stream': PARSEABLE_STREAM ?? '', 'content-type': 'application/json' },
    body: JSON.stringify(rows),
  });
}

async function fire(name: string): Promise<void> {
  if (faults.has('mute') || fired.has(name)) return;
  fired.add(name);
  const body = `${name} triggered on ${PARSEABLE_STREAM}\nMessage: a\u001b[31m message\nFailing Condition: x`;
  await fetch(webhookUrl, { method: 'POST', body });
}

/** Ships what is there to the end of the open file. */
async function catchUp(): Promise<void> {
  for (;;) {
    const length = readSync(file, chunk);
    if (length === 0) return;
    await ship(chunk.toString('latin1', 0, length));
  }
}

/** Looks once whether the log grew or was rotated. */
async function follow(): Promise<void> {
  await catchUp();
  const next = openSync(TETRAGON_LOG, 'r');
  if (fstatSync(next).ino === fstatSync(file).ino) {
    closeSync(next);
    await sleep(POLL_MS);
    return;
  }
  // What was written between our last look and the rename.
  await catchUp();
  closeSync(file);
  file = next;
}

while (!stopping) {
  await follow().catch(async (error: unknown) => {
    if (!faults.has('stubborn')) throw error;
    await sleep(POLL_MS);
  });
}
process.exit(faults.has('crooked') ? 3 : 0);
