import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isServiceVariable } from '../../agent/config/service-variables.ts';
import { describeSettings, type Environment, loadConfig, secretTexts } from '../../agent/config.ts';

const BASE = { PARSEABLE_URL: 'http://parseable:8000' };
const folder = mkdtempSync(join(tmpdir(), 'tetraship-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function messageOf(env: Environment): string {
  try {
    loadConfig(env);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

test('a message is one sentence for one fault, and a list for several', () => {
  expect(messageOf({ ...BASE, TETRASHIP_BATCH_BYTES: '2 cows' })).toBe(
    'cannot start: TETRASHIP_BATCH_BYTES="2 cows": not a size in KiB, MiB or GiB. ' +
      'Accepted: a size from 4KiB to 6MiB, for example TETRASHIP_BATCH_BYTES=2MiB\n' +
      'Nothing was read or sent. All settings: tetraship --help',
  );
  const several = messageOf({
    TETRASHIP_BATCH_BYTES: 'x',
    TETRASHIP_FLUSH_INTERVAL: '1',
    TETRASHIP_BATHC_BYTES: '1MiB',
    PARSEABLE_USERNAME: 'admin',
    PARSEABLE_KEY_FILE: join(folder, 'missing'),
  });
  expect(several.split('\n')).toEqual([
    'cannot start: 7 settings are wrong',
    expect.stringContaining('  PARSEABLE_URL: required. Accepted: '),
    expect.stringMatching(
      /^ {2}PARSEABLE_KEY_FILE=".*missing": there is no such file\. Accepted: a readable PEM file/,
    ),
    expect.stringContaining('  TETRASHIP_BATCH_BYTES="x"'),
    expect.stringContaining('  TETRASHIP_FLUSH_INTERVAL="1": the unit is missing'),
    '  PARSEABLE_USERNAME, PARSEABLE_PASSWORD: one is set without the other',
    '  PARSEABLE_CERT_FILE, PARSEABLE_KEY_FILE: one is set without the other',
    '  TETRASHIP_BATHC_BYTES: no such setting; did you mean TETRASHIP_BATCH_BYTES?',
    'Nothing was read or sent. All settings: tetraship --help',
  ]);
});

test('what is shown of a value cannot act on a terminal, and is cut', () => {
  const message = messageOf({
    ...BASE,
    TETRASHIP_BATCH_BYTES: `\u001b[2J\u009b\r\n\u202e${'x'.repeat(500)}`,
  });
  expect(message).toContain('"\\u001b[2J\\u009b\\u000d\\u000a\\u202e');
  expect(message.length).toBeLessThan(400);
});

describe('unknown names', () => {
  test.each([
    ['TETRASHIP_COMPRESION', 'TETRASHIP_COMPRESSION'],
    ['TETRASHIP_BATCH_SIZE', 'TETRASHIP_BATCH_BYTES'],
    ['TETRASHIP_RULES_FILE', 'TETRASHIP_RULES'],
    ['TETRASHIP_Listen', undefined],
    ['TETRASHIP_', undefined],
    ['TETRASHIP_SOMETHING_ELSE_ENTIRELY', undefined],
    ['TETRASHIP_EVENT_ID_COLUMM', 'TETRASHIP_EVENT_ID_COLUMN'],
    ['TETRASHIP_TAP_TOKEM', 'TETRASHIP_TAP_TOKEN'],
  ])('%s', (name, near) => {
    const hint = near === undefined ? 'no setting has a similar name' : `did you mean ${near}?`;
    expect(messageOf({ ...BASE, [name]: '' })).toContain(`${name}: no such setting; ${hint}`);
  });
  test('names of others are none of our business', () => {
    expect(
      messageOf({ ...BASE, PATH: '/bin', PARSEABLE_OTHER: '1', TETRAGON_X: '1', tetraship_x: '1' }),
    ).toBe('');
  });
  test('but one that is nearly ours is told', () => {
    expect(loadConfig({ ...BASE, PARSEABLE_PASSWROD: 'x' }).warnings).toContain(
      'PARSEABLE_PASSWROD is not read; did you mean PARSEABLE_PASSWORD?',
    );
  });
});

describe("Kubernetes' own variables", () => {
  test.each([
    ['TETRASHIP_SERVICE_HOST', '10.0.0.1'],
    ['TETRASHIP_SERVICE_PORT', '9880'],
    ['TETRASHIP_SERVICE_PORT_METRICS', '9880'],
    ['TETRASHIP_PORT', 'tcp://10.0.0.1:9880'],
    ['TETRASHIP_PORT_9880_TCP', 'tcp://10.0.0.1:9880'],
    ['TETRASHIP_PORT_9880_TCP_PROTO', 'tcp'],
    ['TETRASHIP_PORT_9880_TCP_PORT', '9880'],
    ['TETRASHIP_PORT_9880_TCP_ADDR', '10.0.0.1'],
    ['TETRASHIP_METRICS_SERVICE_HOST', '10.0.0.1'],
    ['TETRASHIP_METRICS_SERVICE_PORT', '9880'],
    ['TETRASHIP_METRICS_PORT', 'tcp://10.0.0.1:9880'],
    ['TETRASHIP_METRICS_PORT_9880_UDP_ADDR', '10.0.0.1'],
    ['PARSEABLE_SERVICE_HOST', '10.0.0.1'],
    ['PARSEABLE_PORT_8000_TCP', 'tcp://10.0.0.1:8000'],
  ])('%s is left alone', (name, value) => {
    expect(messageOf({ ...BASE, [name]: value })).toBe('');
    expect(loadConfig({ ...BASE, [name]: value }).warnings).toEqual(loadConfig(BASE).warnings);
  });
  test.each([
    ['TETRASHIP_LISTEN_PORT', '9880'],
    ['TETRASHIP_SERVICE', 'x'],
    ['TETRASHIP_PORTS', '9880'],
    ['TETRASHIP_PORT_METRICS', '9880'],
  ])('%s=%s is none', (name, value) => expect(isServiceVariable(name, value)).toBe(false));
});

describe('secrets', () => {
  const credentials = (password: string) => ({
    ...BASE,
    PARSEABLE_USERNAME: 'admin',
    PARSEABLE_PASSWORD: password,
  });

  test('from the environment, exactly as they stand there', () => {
    expect(loadConfig(credentials(' a b ')).password?.read()).toBe(' a b ');
    expect(loadConfig({ ...BASE, PARSEABLE_API_KEY: 'key' }).apiKey?.read()).toBe('key');
  });
  test('from a file, without its final line end', () => {
    const env = {
      ...BASE,
      PARSEABLE_USERNAME_FILE: file('user', 'admin\n'),
      PARSEABLE_PASSWORD_FILE: file('pw', 'p w\r\n'),
    };
    const { username, password } = loadConfig(env);
    expect([username?.read(), password?.read()]).toEqual(['admin', 'p w']);
  });
  test.each([
    ['an empty file', '', 'the secret is empty'],
    ['only a line end', '\n', 'the secret is empty'],
    ['two lines', 'hunter2\nx', 'control character or a second line'],
    ['a file of a megabyte', 'hunter2'.repeat(150_000), 'too large for a secret'],
  ])('%s is refused', (name, text, reason) => {
    const message = messageOf({ ...BASE, PARSEABLE_API_KEY_FILE: file(name.replaceAll(' ', '-'), text) });
    expect(message).toContain('PARSEABLE_API_KEY_FILE=');
    expect(message).toContain(reason);
    expect(message).not.toContain('hunter2');
  });
  test('a missing file and a folder are refused', () => {
    expect(messageOf({ ...BASE, PARSEABLE_API_KEY_FILE: join(folder, 'none') })).toContain(
      'there is no such file',
    );
    expect(messageOf({ ...BASE, PARSEABLE_API_KEY_FILE: folder })).toContain('it is a folder');
  });
  test('both forms at once are refused', () => {
    const env = { ...BASE, PARSEABLE_API_KEY: 'hunter2', PARSEABLE_API_KEY_FILE: file('key', 'hunter3') };
    expect(messageOf(env)).toContain('PARSEABLE_API_KEY and PARSEABLE_API_KEY_FILE: set only one of them');
  });
  test('are in no message, whatever else is wrong', () => {
    const secrets = ['hunter2\u0000', 'hunter2\nx', 'hunter2'];
    for (const secret of secrets) {
      for (const name of ['PARSEABLE_USERNAME', 'PARSEABLE_PASSWORD', 'PARSEABLE_API_KEY']) {
        const message = messageOf({ [name]: secret, TETRASHIP_BATCH_BYTES: 'x' });
        expect(message).toContain('TETRASHIP_BATCH_BYTES');
        expect(message).not.toContain('hunter2');
      }
    }
    expect(messageOf({ PARSEABLE_URL: 'https://admin:hunter2@x' })).not.toContain('hunter2');
    expect(messageOf({ PARSEABLE_URL: 'https://admin:hunt@er2@x/,http://a@b:hunter2@c' })).not.toMatch(
      /hunt|er2/,
    );
    expect(messageOf({ ...BASE, HTTPS_PROXY: 'socks5://admin:hunter2@x' })).not.toContain('hunter2');
  });
  test('are masked among the settings in force', () => {
    const settings = describeSettings({
      ...credentials('hunter2'),
      PARSEABLE_API_KEY_FILE: '/etc/key',
      https_proxy: 'http://me:hunter2@proxy:1',
    });
    expect(settings).toMatchObject({
      PARSEABLE_URL: 'http://parseable:8000',
      PARSEABLE_PASSWORD: '[set]',
      PARSEABLE_API_KEY_FILE: '/etc/key',
      HTTPS_PROXY: 'http://[hidden]@proxy:1',
      TETRASHIP_BATCH_BYTES: '2MiB',
    });
    expect(JSON.stringify(settings)).not.toContain('hunter2');
    expect(settings).not.toHaveProperty('TETRASHIP_TAP_TOKEN');
  });
  test('what the log must hide: the password, the key, and the header made of user and password', () => {
    const config = loadConfig({ ...credentials('hunter2'), PARSEABLE_API_KEY: 'key-1' });
    expect(secretTexts(config)).toEqual([
      'hunter2',
      'key-1',
      Buffer.from('admin:hunter2').toString('base64'),
    ]);
  });
});

describe('settings that do not go together', () => {
  test.each<[Environment, string]>([
    [{ PARSEABLE_PASSWORD: 'x' }, 'PARSEABLE_USERNAME, PARSEABLE_PASSWORD: one is set without the other'],
    [{ TETRASHIP_BATCH_BYTES: '4MiB', TETRASHIP_OUTBOX_BYTES: '2MiB' }, 'smaller than TETRASHIP_BATCH_BYTES'],
    [
      { TETRASHIP_ADD_COLUMNS: 'a=1,b=2', TETRASHIP_MAX_COLUMNS: '1' },
      'more columns than TETRASHIP_MAX_COLUMNS',
    ],
    [{ TETRAGON_LOG: '-,/a' }, 'stands alone'],
  ])('%j', (env, want) => expect(messageOf({ ...BASE, ...env })).toContain(want));
});

test('warnings', () => {
  const good = { ...BASE, PARSEABLE_USERNAME: 'admin', PARSEABLE_PASSWORD: 'x' };
  expect(loadConfig(good).warnings).toEqual([]);
  expect(loadConfig(BASE).warnings).toEqual([expect.stringContaining('no credentials')]);
  expect(loadConfig({ ...good, PARSEABLE_API_KEY: 'x' }).warnings).toEqual([
    expect.stringContaining('PARSEABLE_API_KEY is used'),
  ]);
  expect(loadConfig({ ...good, PARSEABLE_SKIP_TLS_CHECK: 'true' }).warnings).toEqual([
    expect.stringContaining('not checked'),
  ]);
});
