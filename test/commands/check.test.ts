/** Ten and more ways to have it wrong, each found and named with its way out, against the receiver. */

import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { look } from '../../agent/commands/check.ts';
import type { Finding } from '../../agent/commands/finding.ts';
import { Workplace } from '../e2e/agent.ts';
import { createProxy, createReceiver, createWebhook, type Receiver, selfSigned } from '../receiver/index.ts';

const place = new Workplace();
afterAll(() => place[Symbol.dispose]());

let receiver: Receiver;
let deaf: Server;
let deafPort = 0;
let good: Record<string, string>;
beforeAll(async () => {
  receiver = await createReceiver({});
  deaf = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
  const bound = deaf.address();
  deafPort = typeof bound === 'object' && bound !== null ? bound.port : 0;
});
afterAll(async () => {
  await receiver.stop();
  deaf.close();
});
beforeEach(() => {
  receiver.fault = undefined;
  mkdirSync(place.join('state'), { recursive: true, mode: 0o700 });
  writeFileSync(place.join('tetragon.log'), '{"process_exec":{}}\n');
  good = {
    PARSEABLE_URL: receiver.url,
    PARSEABLE_USERNAME: 'admin',
    PARSEABLE_PASSWORD: 'admin',
    PARSEABLE_STREAM: 'tetrademo',
    TETRAGON_LOG: place.join('tetragon.log'),
    TETRASHIP_STATE_DIR: place.join('state'),
    TETRASHIP_SPOOL_BYTES: '16MiB',
    TETRASHIP_DEADLETTER_BYTES: '1MiB',
    TETRASHIP_LISTEN: '127.0.0.1:0',
    TETRASHIP_REQUEST_TIMEOUT: '1s',
  };
});

async function findings(changes: Record<string, string> = {}, offline = false): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  await look({ ...good, ...changes }, offline, (more) => found.push(...more));
  return found;
}

const troubles = (found: readonly Finding[]): readonly Finding[] =>
  found.filter(({ level }) => level !== 'ok');

function rules(endpoint: string, tetraship = {}, ofTarget = {}): string {
  const file = place.join('rules.json');
  const rule = { type: 'composite', config: 'process_exec_process_binary =% "curl"' };
  const alert = {
    name: 'curl',
    message: 'm',
    rule,
    targets: [{ type: 'webhook', endpoint, tetraship: ofTarget }],
    tetraship,
  };
  writeFileSync(file, JSON.stringify({ version: 'v1', alerts: [alert] }));
  return file;
}

test('where all is well, each line says what was seen', async () => {
  await using webhook = await createWebhook({});
  receiver.dataset('tetrademo', { a: 'Utf8', b: 'Float64' });
  const found = await findings({ TETRASHIP_RULES: rules(`${webhook.url}/secret`) });
  expect(troubles(found)).toEqual([]);
  const text = found.map((finding) => `${finding.subject} ${finding.text}`).join('\n');
  for (const words of [
    '1 rule in',
    'tetragon.log, 20 B, written',
    'no agent uses it now',
    'are free, 17.0 MiB may be needed',
    'Parseable v2.9.5; it takes bodies of up to 10.0 MiB',
    'the dataset tetrademo has 5 of at most 1,000 columns',
    'its clock and this one agree',
    'can be connected to (webhook of rule "curl", target 1)',
  ])
    expect(text).toContain(words);
  expect(text).not.toContain('secret');
  expect(webhook.count).toBe(0);
  expect(receiver.requests).toBe(0); // nothing was ingested
  expect(readdirSync(place.join('state'))).toEqual([]);
});

test.each<[string, () => Record<string, string>, string, RegExp, RegExp]>([
  [
    'nobody listens',
    () => ({ PARSEABLE_URL: 'http://127.0.0.1:9' }),
    'fail server',
    /127\.0\.0\.1:9 cannot be reached: .*ECONNREFUSED/,
    /nothing listens/,
  ],
  [
    'a host that is not there',
    () => ({ PARSEABLE_URL: 'http://parseable.invalid:8000' }),
    'fail server',
    /cannot be reached: .*(ENOTFOUND|EAI_AGAIN)/,
    /SERVICE\.NAMESPACE/,
  ],
  [
    'somebody who does not answer',
    () => ({ PARSEABLE_URL: `http://127.0.0.1:${deafPort}` }),
    'fail server',
    /no answer within 1000 ms/,
    /NetworkPolicies/,
  ],
  [
    'https to a port of http',
    () => ({ PARSEABLE_URL: receiver.url.replace('http:', 'https:') }),
    'fail server',
    /cannot be reached/,
    /write http:\/\/ in PARSEABLE_URL/,
  ],
  [
    'the wrong path',
    () => ({ PARSEABLE_URL: `${receiver.url}/prefix` }),
    'fail server',
    /is no Parseable: status 404/,
    /PARSEABLE_URL: host, port, and the path/,
  ],
  [
    'a wrong password',
    () => ({ PARSEABLE_PASSWORD: 'hunter2' }),
    'fail server',
    /refuses the credentials \(status 403\)/,
    /PARSEABLE_USERNAME and PARSEABLE_PASSWORD/,
  ],
  [
    'a wrong key',
    () => ({ PARSEABLE_USERNAME: '', PARSEABLE_PASSWORD: '', PARSEABLE_API_KEY: 'hunter2' }),
    'fail server',
    /refuses the credentials/,
    /PARSEABLE_API_KEY/,
  ],
  [
    'no credentials',
    () => ({ PARSEABLE_USERNAME: '', PARSEABLE_PASSWORD: '' }),
    'fail server',
    /wants credentials, and none are set/,
    /_FILE forms/,
  ],
  [
    'a user that may only send',
    () => {
      receiver.fault = ({ path }) =>
        path.endsWith('/about') ? { status: 403, body: "You don't have permission" } : undefined;
      return {};
    },
    'warn server',
    /may send rows and not read the columns/,
    /writer instead of ingestor/,
  ],
  [
    'a dataset that is full',
    () => {
      receiver.dataset(
        'full',
        Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`c${i}`, 'Utf8' as const])),
      );
      return { PARSEABLE_STREAM: 'full' };
    },
    'fail server',
    /1,004 of at most 1,000 columns: the server refuses everything/,
    /another dataset/,
  ],
  [
    'a log that is a folder',
    () => ({ TETRAGON_LOG: place.path }),
    'fail log',
    /is no file/,
    /globs are taken too/,
  ],
  [
    'no folder of the log',
    () => ({ TETRAGON_LOG: place.join('none', 'deeper', 'tetragon.log') }),
    'fail log',
    /none of these folders is there/,
    /hostPath/,
  ],
  [
    'no log yet',
    () => ({ TETRAGON_LOG: place.join('x.log') }),
    'warn log',
    /no log yet/,
    /see whether Tetragon runs/,
  ],
  [
    'a log of something else',
    () => {
      writeFileSync(place.join('tetragon.log'), 'level=info msg="hello"\n');
      return {};
    },
    'warn log',
    /does not begin with a JSON object/,
    /Tetragon's export/,
  ],
  [
    'a log that nobody writes',
    () => {
      utimesSync(place.join('tetragon.log'), 1000, 1000);
      return {};
    },
    'warn log',
    /was written \d+ d ago/,
    /still runs/,
  ],
  [
    'too little room',
    () => ({ TETRASHIP_SPOOL_BYTES: '1024GiB' }),
    'warn state',
    /are free, spool and dead letters may take/,
    /lower TETRASHIP_SPOOL_BYTES/,
  ],
  [
    'a state folder that is a file',
    () => ({ TETRASHIP_STATE_DIR: place.join('tetragon.log') }),
    'fail state',
    /cannot write to/,
    /TETRASHIP_STATE_DIR/,
  ],
  [
    'a state folder that others can write',
    () => {
      mkdirSync(place.join('open'), { recursive: true });
      chmodSync(place.join('open'), 0o777);
      return { TETRASHIP_STATE_DIR: place.join('open') };
    },
    'warn state',
    /can be written by others \(mode 777\)/,
    /chmod 700/,
  ],
  [
    'a checkpoint of the future',
    () => {
      mkdirSync(place.join('future'), { recursive: true, mode: 0o700 });
      const fields = { version: 99 };
      const checksum = createHash('sha256').update(JSON.stringify(fields)).digest('hex').slice(0, 32);
      writeFileSync(place.join('future', 'checkpoint.json'), JSON.stringify({ ...fields, checksum }));
      return { TETRASHIP_STATE_DIR: place.join('future') };
    },
    'fail state',
    /version 99/,
    /run the newer agent/,
  ],
  [
    'an address in use',
    () => ({ TETRASHIP_LISTEN: `127.0.0.1:${deafPort}` }),
    'fail listen',
    /in use by another program/,
    /another port/,
  ],
  [
    'a target that is not there',
    () => ({ TETRASHIP_RULES: rules('http://127.0.0.1:9/secret') }),
    'fail targets',
    /127\.0\.0\.1:9 cannot be reached: .*ECONNREFUSED.*\(webhook of rule "curl", target 1\)$/,
    /endpoint of the target/,
  ],
  [
    'an expression that is none',
    () => ({ TETRASHIP_INCLUDE: 'a = ' }),
    'fail filter',
    /TETRASHIP_INCLUDE is no expression: line 1/,
    /docs\/rules\.md/,
  ],
])('%s', { timeout: 20_000 }, async (_, change, where, text, wayOut) => {
  const found = troubles(await findings(change()));
  expect(found.map(({ level, subject }) => `${level} ${subject}`)).toContain(where);
  const one = found.find(({ level, subject }) => `${level} ${subject}` === where);
  expect(one?.text).toMatch(text);
  expect(one?.wayOut).toMatch(wayOut);
  expect(JSON.stringify(found)).not.toMatch(/hunter2|secret/);
});

const ofTargets = (found: readonly Finding[]): readonly Finding[] =>
  found.filter(({ subject }) => subject === 'targets');

/** The server is reached without the proxy, at its other name. */
function behindProxy(proxy: string, endpoint: string): Record<string, string> {
  return {
    PARSEABLE_URL: receiver.url.replace('127.0.0.1', 'localhost'),
    ...{ HTTP_PROXY: proxy, NO_PROXY: 'localhost', TETRASHIP_RULES: rules(endpoint) },
  };
}

test('behind a proxy, targets are tried through it', async () => {
  await using webhook = await createWebhook({});
  await using proxy = await createProxy();
  const { host } = new URL(proxy.url);
  const through = ofTargets(await findings(behindProxy(proxy.url, `${webhook.url}/secret`)));
  expect(through).toMatchObject([
    { level: 'ok', text: expect.stringContaining(`can be connected to through the proxy ${host} (webhook`) },
  ]);
  expect(proxy.asked).toEqual([new URL(webhook.url).host]);
  const past = ofTargets(
    await findings(behindProxy(proxy.url, webhook.url.replace('127.0.0.1', 'localhost'))),
  );
  expect(past[0]).toMatchObject({ level: 'ok', text: expect.not.stringContaining('proxy') });
  expect(proxy.asked).toHaveLength(1);
  expect(webhook.count).toBe(0);
});

test.each<[string, { refuse?: number }, RegExp]>([
  ['the target is not there', {}, /:9 cannot be reached through the proxy 127\.0\.0\.1:\d+: it answers 502/],
  ['the proxy forbids it', { refuse: 403 }, /through the proxy 127\.0\.0\.1:\d+: it answers 403/],
  ['the proxy is not there', {}, /through the proxy 127\.0\.0\.1:\d+: .*ECONNREFUSED/],
])('behind a proxy: %s', async (name, options, text) => {
  await using proxy = await createProxy(options);
  if (name === 'the proxy is not there') await proxy[Symbol.asyncDispose]();
  const address = proxy.url.replace('//', '//user:hunter2@');
  const found = ofTargets(await findings(behindProxy(address, 'http://127.0.0.1:9/secret')));
  expect(found).toMatchObject([
    { level: 'fail', text: expect.stringMatching(text), wayOut: expect.stringContaining('NO_PROXY') },
  ]);
  expect(JSON.stringify(found)).not.toMatch(/hunter2|secret/);
});

test('an endpoint that is a secret is tried and never shown', async () => {
  await using webhook = await createWebhook({});
  const file = place.join('endpoint');
  writeFileSync(file, `${webhook.url}/token`);
  const settings = { TETRASHIP_RULES: rules(`\${file:${file}}`) };
  expect(ofTargets(await findings(settings))).toMatchObject([
    { level: 'ok', text: 'the endpoint can be connected to (webhook of rule "curl", target 1)' },
  ]);
  writeFileSync(file, 'http://hidden.invalid/token');
  const [away] = ofTargets(await findings(settings));
  expect(away).toMatchObject({ level: 'fail', text: expect.stringMatching(/: (ENOTFOUND|EAI_AGAIN) /) });
  rmSync(file);
  const [missing] = ofTargets(await findings(settings));
  expect(missing).toMatchObject({
    ...{
      level: 'fail',
      text: expect.stringMatching(/^the endpoint cannot be called: cannot read .*no such file/),
    },
    wayOut: expect.stringContaining('notifications wait'),
  });
  expect(JSON.stringify([away, missing])).not.toContain('hidden.invalid');
});

test('a rule that is not enabled calls nobody', async () => {
  const settings = { TETRASHIP_RULES: rules('http://127.0.0.1:9/', { enabled: false }) };
  expect(ofTargets(await findings(settings))).toEqual([]);
});

test('a certificate that is not trusted, and one that is', async ({ skip }) => {
  const pem = selfSigned(place.path, 'parseable');
  if (pem === undefined) return skip('openssl is not here to make a certificate');
  await using secure = await createReceiver({ tls: pem });
  const [refused] = troubles(await findings({ PARSEABLE_URL: secure.url }));
  expect(refused?.text).toMatch(/self-signed certificate/);
  expect(refused?.wayOut).toContain('PARSEABLE_CA_FILE');
  const trusted = await findings({ PARSEABLE_URL: secure.url, PARSEABLE_CA_FILE: pem.certFile });
  expect(troubles(trusted)).toEqual([]);
  expect(trusted.some(({ text }) => text.endsWith('and its certificate is good'))).toBe(true);
  await using webhook = await createWebhook({ tls: pem });
  await using proxy = await createProxy();
  for (const HTTPS_PROXY of ['', proxy.url]) {
    const settings = { HTTPS_PROXY, NO_PROXY: new URL(receiver.url).host };
    const strange = await findings({ ...settings, TETRASHIP_RULES: rules(webhook.url) });
    expect(troubles(strange)).toMatchObject([
      {
        subject: 'targets',
        text: expect.stringContaining('self-signed'),
        wayOut: expect.stringContaining('caFile'),
      },
    ]);
    const tls = { caFile: pem.certFile };
    expect(troubles(await findings({ ...settings, TETRASHIP_RULES: rules(webhook.url, {}, tls) }))).toEqual(
      [],
    );
  }
  expect(proxy.asked).toHaveLength(2);
  expect(webhook.count).toBe(0);
});

test('wrong settings are told by name', async () => {
  await expect(findings({ TETRASHIP_BATCH_BYTE: '1MiB' })).rejects.toThrow(
    'did you mean TETRASHIP_BATCH_BYTES?',
  );
});

test('offline it asks nobody', async () => {
  const before = receiver.log.length;
  expect(troubles(await findings({ PARSEABLE_URL: 'http://parseable.invalid' }, true))).toEqual([]);
  expect(receiver.log.length).toBe(before);
});
