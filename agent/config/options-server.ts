/** Settings of where the rows go and how they are sent. */

import { GiB, KiB, MAX_BODY_BYTES, MAX_ROW_BYTES } from '../limits.ts';
import { optional, required, withDefault } from './option.ts';
import { boolean, choice, duration, integer, list, pairs, readableFile, size, text } from './values.ts';
import { proxyUrl, url } from './values-network.ts';

/** The server allows 10 `X-P-` columns and counts two of its own. */
const MAX_TAGS = 8;
/** A batch may end in one row of the largest size and must stay under the server's body limit. */
const MAX_BATCH_BYTES = MAX_BODY_BYTES - MAX_ROW_BYTES;

const tagName = text(
  'letters, digits, `-` and `_`, at most 64, not `stream` or `log-source`',
  /^(?!(?:stream|log-source|p_(?:timestamp|user_agent|src_ip|format))$)[a-z0-9_-]{1,64}$/i,
  'cluster',
);
const tagValue = text('at most 100 ASCII characters', /^[ -~]{1,100}$/, 'production');

/** The server and who we are to it. */
export const SERVER_OPTIONS = {
  urls: required({
    name: 'PARSEABLE_URL',
    group: 'Server',
    kind: list(
      url('http://parseable.parseable:8000'),
      16,
      'http or https URLs without user, query and fragment',
    ),
    help: 'Base URL of the server, or several, which are tried in turn.',
  }),
  stream: withDefault({
    name: 'PARSEABLE_STREAM',
    group: 'Server',
    kind: text('letters, digits, `-`, `_` and `.`, at most 255', /^[A-Za-z0-9._-]{1,255}$/, 'tetragon'),
    fallback: 'tetragon',
    help: 'Dataset that the rows go to; the server creates it with the first row.',
  }),
  username: optional({
    name: 'PARSEABLE_USERNAME',
    group: 'Server',
    secret: true,
    kind: text('a user name', /./, 'admin'),
    help: 'User name for basic authentication.',
  }),
  password: optional({
    name: 'PARSEABLE_PASSWORD',
    group: 'Server',
    secret: true,
    kind: text('a password', /./, 'the password'),
    help: 'Password for basic authentication.',
  }),
  apiKey: optional({
    name: 'PARSEABLE_API_KEY',
    group: 'Server',
    secret: true,
    kind: text('an API key', /./, 'the key'),
    help: 'API key, used instead of user name and password.',
  }),
  caFile: optional({
    name: 'PARSEABLE_CA_FILE',
    group: 'Server',
    kind: readableFile('a readable PEM file', '/etc/tetraship/tls/ca.crt'),
    help: "Certificates that the server's certificate is checked against, instead of the system's.",
  }),
  certFile: optional({
    name: 'PARSEABLE_CERT_FILE',
    group: 'Server',
    kind: readableFile('a readable PEM file', '/etc/tetraship/tls/tls.crt'),
    help: 'Client certificate, together with `PARSEABLE_KEY_FILE`.',
  }),
  keyFile: optional({
    name: 'PARSEABLE_KEY_FILE',
    group: 'Server',
    kind: readableFile('a readable PEM file', '/etc/tetraship/tls/tls.key'),
    help: 'Private key of the client certificate.',
  }),
  skipTlsCheck: withDefault({
    name: 'PARSEABLE_SKIP_TLS_CHECK',
    group: 'Server',
    kind: boolean(),
    fallback: 'false',
    help: "Do not check the server's certificate: anybody on the way can read the events and the credentials.",
  }),
  tags: optional({
    name: 'PARSEABLE_TAGS',
    group: 'Server',
    kind: pairs(tagName, tagValue, MAX_TAGS, 'cluster=production'),
    help: 'Sent as `X-P-<name>` headers, which the server stores as columns.',
  }),
};

/** Batches and requests. */
export const SENDING_OPTIONS = {
  batchBytes: withDefault({
    name: 'TETRASHIP_BATCH_BYTES',
    group: 'Batches',
    kind: size(4 * KiB, MAX_BATCH_BYTES, '2MiB'),
    fallback: '2MiB',
    help: 'A batch is sent when its rows take this much, before compression, …',
  }),
  flushIntervalMs: withDefault({
    name: 'TETRASHIP_FLUSH_INTERVAL',
    group: 'Batches',
    kind: duration(10, 60_000, '1s'),
    fallback: '1s',
    help: '… or when its first row has waited this long.',
  }),
  compression: withDefault({
    name: 'TETRASHIP_COMPRESSION',
    group: 'Batches',
    kind: choice('zstd', 'gzip', 'none'),
    fallback: 'zstd',
    help: 'Compression of the batches; gzip takes over when the server refuses zstd.',
  }),
  outboxBytes: withDefault({
    name: 'TETRASHIP_OUTBOX_BYTES',
    group: 'Batches',
    kind: size(64 * KiB, GiB, '8MiB'),
    fallback: '8MiB',
    help: 'Memory for compressed batches that wait for the server.',
  }),
  whenFull: withDefault({
    name: 'TETRASHIP_WHEN_FULL',
    group: 'Batches',
    kind: choice('block', 'drop_oldest'),
    fallback: 'block',
    help: 'When outbox and spool are full: `block` stops reading the log until there is room, `drop_oldest` gives up the oldest batches, counted.',
  }),
  concurrency: withDefault({
    name: 'TETRASHIP_CONCURRENCY',
    group: 'Sending',
    kind: integer(1, 64, '4'),
    fallback: '4',
    help: 'Requests to the server at the same time.',
  }),
  requestTimeoutMs: withDefault({
    name: 'TETRASHIP_REQUEST_TIMEOUT',
    group: 'Sending',
    kind: duration(100, 600_000, '30s'),
    fallback: '30s',
    help: 'A request without an answer for this long has failed, and is tried again.',
  }),
  retryMaxMs: withDefault({
    name: 'TETRASHIP_RETRY_MAX',
    group: 'Sending',
    kind: duration(100, 3_600_000, '30s'),
    fallback: '30s',
    help: 'Longest pause between two tries; a passing fault is retried for ever.',
  }),
};

/** Under the names that every program reads. */
export const PROXY_OPTIONS = {
  httpsProxy: optional({
    name: 'HTTPS_PROXY',
    aliases: ['https_proxy'],
    group: 'Proxy',
    kind: proxyUrl('http://proxy:3128'),
    help: 'Proxy for https URLs of the server and of alert targets.',
  }),
  httpProxy: optional({
    name: 'HTTP_PROXY',
    aliases: ['http_proxy'],
    group: 'Proxy',
    kind: proxyUrl('http://proxy:3128'),
    help: 'Proxy for http URLs of the server and of alert targets, and for https ones without HTTPS_PROXY.',
  }),
  noProxy: optional({
    name: 'NO_PROXY',
    aliases: ['no_proxy'],
    group: 'Proxy',
    kind: text('host names or suffixes, separated by commas', /./, '.svc,10.0.0.1'),
    help: 'Hosts that are reached without a proxy.',
  }),
};
