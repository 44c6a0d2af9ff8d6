/**
 * The one table of settings. Environment parsing, `--help`, docs/configuration.md and the start-up log line all
 * come from it: a fact about a setting stands here and nowhere else.
 */

import { hostname } from 'node:os';
import { GiB, MiB } from '../limits.ts';
import { type Option, optional, withDefault } from './option.ts';
import { EVENT_OPTIONS, LOG_OPTIONS } from './options-events.ts';
import { PROXY_OPTIONS, SENDING_OPTIONS, SERVER_OPTIONS } from './options-server.ts';
import { choice, duration, list, path, size, text } from './values.ts';
import { address } from './values-network.ts';

/** The agent itself. */
const AGENT_OPTIONS = {
  stateDir: withDefault({
    name: 'TETRASHIP_STATE_DIR',
    group: 'Node and state',
    kind: path('a folder', '/var/lib/tetraship'),
    fallback: '/var/lib/tetraship',
    help: 'Keeps the checkpoint, the dead letters and the state of alerts; one agent per folder.',
  }),
  nodeName: withDefault({
    name: 'TETRASHIP_NODE_NAME',
    group: 'Node and state',
    kind: text('a name of at most 253 characters', /^[^\p{Cc}]{1,253}$/u, 'node-1'),
    fallback: hostname,
    fallbackText: 'the host name',
    help: 'Name of this node in dead letters and alerts.',
  }),
  deadLetterBytes: withDefault({
    name: 'TETRASHIP_DEADLETTER_BYTES',
    group: 'Node and state',
    kind: size(MiB, 64 * GiB, '64MiB'),
    fallback: '64MiB',
    help: 'Room for lines and events that cannot be sent; the oldest go first, and are counted.',
  }),
  spoolBytes: withDefault({
    name: 'TETRASHIP_SPOOL_BYTES',
    group: 'Node and state',
    kind: size(16 * MiB, 1024 * GiB, '1GiB'),
    fallback: '1GiB',
    help: 'Room on disk, in the state folder, for compressed batches while the server is away.',
  }),
  rules: optional({
    name: 'TETRASHIP_RULES',
    group: 'Rules',
    kind: list(path('', '/etc/tetraship/rules'), 32, 'files, or folders of .json files'),
    help: 'Alert rules; `*.test.json` are passed over. Changes are taken without a restart.',
  }),
  listen: withDefault({
    name: 'TETRASHIP_LISTEN',
    group: 'Operations',
    kind: address('0.0.0.0:9880'),
    fallback: '0.0.0.0:9880',
    help: 'Address of the status page, `/metrics`, `/healthz` and `/readyz`.',
  }),
  logLevel: withDefault({
    name: 'TETRASHIP_LOG_LEVEL',
    group: 'Operations',
    kind: choice('debug', 'info', 'warn', 'error'),
    fallback: 'info',
    help: "Least important messages that the agent's own log shows; it goes to standard error.",
  }),
  logFormat: withDefault({
    name: 'TETRASHIP_LOG_FORMAT',
    group: 'Operations',
    kind: choice('json', 'text'),
    fallback: 'json',
    help: "Form of the agent's own log: for machines or for people.",
  }),
  shutdownGraceMs: withDefault({
    name: 'TETRASHIP_SHUTDOWN_GRACE',
    group: 'Operations',
    kind: duration(0, 600_000, '20s'),
    fallback: '20s',
    help: 'After SIGTERM or SIGINT, time to send what has been read; the rest is sent after the next start.',
  }),
  tapToken: optional({
    name: 'TETRASHIP_TAP_TOKEN',
    group: 'Operations',
    secret: true,
    kind: text('a token', /./, 'the token'),
    help: 'Lets `tap` and `doctor` in from other machines.',
  }),
};

/** In the order of the manual. */
export const OPTIONS = {
  ...SERVER_OPTIONS,
  ...LOG_OPTIONS,
  ...EVENT_OPTIONS,
  ...SENDING_OPTIONS,
  ...AGENT_OPTIONS,
  ...PROXY_OPTIONS,
};

export const ALL_OPTIONS: readonly Option<unknown>[] = Object.values(OPTIONS);
