/** Vector's HTTP sink: where the rows go, as whom, in which batches, and what happens while the server is away. */

import type { ImportResult } from './import-result.ts';
import type { Section } from './import-section.ts';

const S = 1000;

/** @returns whether it sends to Parseable */
export function importSink(sink: Section, result: ImportResult): boolean {
  const type = sink.text('type');
  sink.skip('inputs');
  if (type !== 'http') {
    sink.skip(...sink.keys());
    const instead =
      type === 'prometheus_exporter'
        ? 'the agent serves /metrics at TETRASHIP_LISTEN'
        : 'has no counterpart: the agent ships to Parseable';
    result.note(sink.path, `a sink of type ${type}: ${instead}`);
    return false;
  }
  sink.skip('method', 'acknowledgements', 'healthcheck', 'framing');
  importAddress(sink, result);
  for (const headers of [sink.section('headers'), sink.section('request').section('headers')])
    importHeaders(headers, result);
  importCredentials(sink.section('auth'), result);
  importBatches(sink, result);
  importBuffer(sink.section('buffer'), result);
  importRequests(sink.section('request'), result);
  importTls(sink.section('tls'), result);
  importProxy(sink.section('proxy'), result);
  importEncoding(sink.section('encoding'), result);
  return true;
}

function importAddress(sink: Section, result: ImportResult): void {
  const uri = sink.text('uri') ?? '';
  const [, base = uri, stream] = /^(.*?)\/api\/v1\/(?:ingest|logstream\/([^/?#]+))\/?$/.exec(uri) ?? [];
  result.set('PARSEABLE_URL', base, sink.at('uri'));
  result.set('PARSEABLE_STREAM', stream, sink.at('uri'));
}

function importHeaders(headers: Section, result: ImportResult): void {
  const tags: string[] = [];
  for (const name of headers.keys()) {
    const value = headers.text(name) ?? '';
    const lower = name.toLowerCase();
    if (lower === 'x-p-stream') result.set('PARSEABLE_STREAM', value, headers.at(name));
    else if (lower === 'x-api-key') result.secret('PARSEABLE_API_KEY', headers.at(name));
    else if (lower === 'authorization')
      result.note(headers.at(name), 'give user and password in PARSEABLE_USERNAME and PARSEABLE_PASSWORD');
    else if (lower.startsWith('x-p-') && lower !== 'x-p-log-source')
      tags.push(`${name.slice('x-p-'.length)}=${value}`);
    else if (!['content-type', 'x-p-log-source', 'content-encoding', 'accept'].includes(lower))
      result.note(headers.at(name), 'has no counterpart: the agent sends only headers that Parseable reads');
  }
  result.set('PARSEABLE_TAGS', tags.join(','), headers.path);
}

function importCredentials(auth: Section, result: ImportResult): void {
  const strategy = auth.text('strategy');
  if (strategy === undefined) return;
  if (strategy !== 'basic') {
    auth.skip(...auth.keys());
    result.note(
      auth.path,
      `the strategy ${strategy} has no counterpart: the agent has user and password, or an API key`,
    );
    return;
  }
  result.set('PARSEABLE_USERNAME', auth.text('user'), auth.at('user'));
  if (auth.text('password') !== undefined) result.secret('PARSEABLE_PASSWORD', auth.at('password'));
}

function importBatches(sink: Section, result: ImportResult): void {
  const batch = sink.section('batch');
  result.setBytes('TETRASHIP_BATCH_BYTES', batch.number('max_bytes'), batch.at('max_bytes'));
  const seconds = batch.number('timeout_secs');
  result.setMs('TETRASHIP_FLUSH_INTERVAL', seconds && seconds * S, batch.at('timeout_secs'));
  if (batch.value('max_events') !== undefined)
    result.note(
      batch.at('max_events'),
      'has no counterpart: a batch is bounded by its bytes (TETRASHIP_BATCH_BYTES) and its age',
    );
  const compression = sink.text('compression') ?? sink.section('compression').text('algorithm');
  if (compression !== undefined && compression !== 'zstd')
    result.note(
      sink.at('compression'),
      `${compression} became zstd, the default: less CPU and less to send; TETRASHIP_COMPRESSION=gzip or none changes it`,
    );
}

function importBuffer(buffer: Section, result: ImportResult): void {
  const type = buffer.text('type') ?? 'memory';
  if (type === 'disk')
    result.setBytes('TETRASHIP_SPOOL_BYTES', buffer.number('max_size'), buffer.at('max_size'));
  else if (buffer.number('max_events') ?? buffer.number('max_size'))
    result.note(
      buffer.path,
      'a buffer in memory: the agent has TETRASHIP_OUTBOX_BYTES, and its spool on disk behind it',
    );
  const whenFull = buffer.text('when_full');
  if (whenFull === 'block') result.set('TETRASHIP_WHEN_FULL', 'block', buffer.at('when_full'));
  else if (whenFull !== undefined) {
    result.set('TETRASHIP_WHEN_FULL', 'drop_oldest', buffer.at('when_full'));
    result.note(
      buffer.at('when_full'),
      `${whenFull} became drop_oldest, the nearest: the oldest batches are given up, and counted`,
    );
  }
}

function importRequests(request: Section, result: ImportResult): void {
  const seconds = request.number('timeout_secs');
  result.setMs('TETRASHIP_REQUEST_TIMEOUT', seconds && seconds * S, request.at('timeout_secs'));
  const pause = request.number('retry_max_duration_secs');
  result.setMs('TETRASHIP_RETRY_MAX', pause && pause * S, request.at('retry_max_duration_secs'));
  request.skip('retry_initial_backoff_secs', 'retry_jitter_mode', 'adaptive_concurrency');
  const concurrency = request.value('concurrency');
  if (typeof concurrency === 'number')
    result.set('TETRASHIP_CONCURRENCY', String(concurrency), request.at('concurrency'));
  if (request.value('retry_attempts') !== undefined)
    result.note(
      request.at('retry_attempts'),
      'has no counterpart: what failed in passing is tried for ever, what the server refuses goes to the dead letters',
    );
  for (const key of ['rate_limit_num', 'rate_limit_duration_secs'])
    if (request.value(key) !== undefined)
      result.note(request.at(key), 'has no counterpart: TETRASHIP_CONCURRENCY bounds the requests');
}

function importTls(tls: Section, result: ImportResult): void {
  tls.skip('enabled', 'alpn_protocols', 'server_name');
  result.set('PARSEABLE_CA_FILE', tls.text('ca_file'), tls.at('ca_file'));
  result.set('PARSEABLE_CERT_FILE', tls.text('crt_file'), tls.at('crt_file'));
  result.set('PARSEABLE_KEY_FILE', tls.text('key_file'), tls.at('key_file'));
  if (tls.value('verify_certificate') === false)
    result.set('PARSEABLE_SKIP_TLS_CHECK', 'true', tls.at('verify_certificate'));
  if (tls.value('verify_hostname') === false)
    result.note(
      tls.at('verify_hostname'),
      'has no counterpart alone: PARSEABLE_SKIP_TLS_CHECK leaves out the whole check',
    );
  if (tls.value('key_pass') !== undefined)
    result.note(tls.at('key_pass'), 'has no counterpart: the key must be in the clear, in a Secret');
}

function importProxy(proxy: Section, result: ImportResult): void {
  proxy.skip('enabled');
  result.set('HTTP_PROXY', proxy.text('http'), proxy.at('http'));
  result.set('HTTPS_PROXY', proxy.text('https'), proxy.at('https'));
  result.set('NO_PROXY', proxy.list('no_proxy').join(','), proxy.at('no_proxy'));
}

function importEncoding(encoding: Section, result: ImportResult): void {
  const codec = encoding.text('codec');
  if (codec !== undefined && codec !== 'json')
    result.note(encoding.at('codec'), `${codec}: the agent sends JSON, which is what Parseable takes`);
  encoding.skip('json', 'timestamp_format', 'metric_tag_values');
  const dropped = encoding.list('except_fields').map((name) => name.replaceAll('.', '_'));
  result.set('TETRASHIP_DROP_COLUMNS', dropped.join(','), encoding.at('except_fields'));
  if (encoding.list('only_fields').length > 0)
    result.note(
      encoding.at('only_fields'),
      'has no counterpart: columns can be dropped (TETRASHIP_DROP_COLUMNS), not chosen',
    );
}
