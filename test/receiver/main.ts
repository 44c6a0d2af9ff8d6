/**
 * The receiver as a process of its own: prints `{"url":"http://127.0.0.1:PORT"}` as its first line, answers
 * `GET /__stats`, and ends with SIGTERM, SIGINT or, with `--with-parent`, with its standard input.
 */

import { parseArgs } from 'node:util';
import { createReceiver, type ReceiverOptions } from './receiver.ts';

const HELP = `usage: node test/receiver/main.ts [options]
  --port N          port on 127.0.0.1, 0 for any (default 0)
  --mode MODE       strict: judge every body as Parseable does (default)
                    fast: count rows and keys without parsing
                    bytes: count bytes only
  --username NAME   default admin
  --password TEXT   default admin
  --arrivals        in fast mode, remember when each key came first, for GET /__arrivals
  --with-parent     end when standard input ends
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    mode: { type: 'string', default: 'strict' },
    username: { type: 'string', default: 'admin' },
    password: { type: 'string', default: 'admin' },
    arrivals: { type: 'boolean', default: false },
    'with-parent': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function modeOf(text: string): NonNullable<ReceiverOptions['mode']> {
  if (text === 'strict' || text === 'fast' || text === 'bytes') return text;
  throw new Error(`cannot start the receiver: unknown mode ${text}; use strict, fast or bytes`);
}

if (values.help) {
  process.stdout.write(HELP);
} else {
  const { username, password, arrivals } = values;
  const options = { port: Number(values.port), mode: modeOf(values.mode), username, password, arrivals };
  const receiver = await createReceiver({ ...options, store: 'keys' });
  process.stdout.write(`${JSON.stringify({ url: receiver.url })}\n`);
  const end = () => process.exit(0);
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  if (values['with-parent']) process.stdin.resume().once('end', end);
}
