/**
 * Reads the settings from the environment: all of them checked, all faults told at once, no secret in any message.
 * The table itself is in config/options.ts.
 */

import type {
  DefaultOption,
  Environment,
  OptionalOption,
  OptionFacts,
  RequiredOption,
} from './config/option.ts';
import { ALL_OPTIONS, OPTIONS } from './config/options.ts';
import { constantSecret, fileSecret, type Secret } from './config/secret.ts';
import { isServiceVariable } from './config/service-variables.ts';
import { Unacceptable } from './config/values.ts';
import { messageOf, TetrashipError } from './errors.ts';
import { nearest } from './nearest.ts';
import { printable, withoutUserInfo } from './ops/printable.ts';

export { describeOptions, describeSettings } from './config/describe.ts';
export type { Environment } from './config/option.ts';
export type { Secret } from './config/secret.ts';
export type { Address } from './config/values-network.ts';

/** Sizes in bytes, times in milliseconds, paths absolute. */
export type Config = ReturnType<typeof build>;

/** A misspelt name differs from the right one in at most a quarter of its letters; more would suggest nonsense. */
const NEAR_SHARE = 4;
/** For the names of others (`PARSEABLE_…`), of which some are none of our business. */
const VERY_NEAR = 2;
/** A value in a message is cut to this many characters. */
const SHOWN_VALUE = 80;

/**
 * @throws {TetrashipError} code CONFIG, whose message names every wrong setting, what is accepted and an example
 */
export function loadConfig(env: Environment): Config {
  const problems = [
    ...ALL_OPTIONS.flatMap((option) => problemsOf(option, env)),
    ...halves(env),
    ...unknownNames(env),
  ];
  if (problems.length === 0) {
    const config = build(env);
    problems.push(...contradictions(config));
    if (problems.length === 0) return config;
  }
  throw new TetrashipError('CONFIG', startMessage(problems));
}

/** Texts that no log line may hold: the secrets in force, and their form in an `Authorization` header. */
export function secretTexts(config: Config): readonly string[] {
  const texts = [config.password, config.apiKey, config.tapToken].flatMap((secret) =>
    secret === undefined ? [] : [secret.read()],
  );
  if (config.username !== undefined && config.password !== undefined) {
    texts.push(Buffer.from(`${config.username.read()}:${config.password.read()}`).toString('base64'));
  }
  return texts;
}

/** The same from settings that may be wrong, as far as they can be read: for what is shown all the same. */
export function secretsIn(env: Environment): readonly string[] {
  const read = (option: OptionFacts): string | undefined => {
    const file = secretFile(option, env);
    try {
      return file === undefined ? found(option, env)?.text : fileSecret(file).read();
    } catch {
      return undefined;
    }
  };
  const [user, password] = [read(OPTIONS.username), read(OPTIONS.password)];
  const pair = user === undefined || password === undefined ? undefined : `${user}:${password}`;
  const basic = pair === undefined ? undefined : Buffer.from(pair).toString('base64');
  return [password, read(OPTIONS.apiKey), read(OPTIONS.tapToken), basic].filter((text) => text !== undefined);
}

function startMessage(problems: readonly string[]): string {
  const [only] = problems;
  const what =
    problems.length === 1 ? ` ${only}` : ` ${problems.length} settings are wrong\n  ${problems.join('\n  ')}`;
  return `cannot start:${what}\nNothing was read or sent. All settings: tetraship --help`;
}

/** The variable that is set, under its name or an alias. Empty counts as not set, as charts write it. */
function found(option: OptionFacts, env: Environment): { name: string; text: string } | undefined {
  for (const name of [option.name, ...(option.aliases ?? [])]) {
    const text = env[name] ?? '';
    if (text.trim() !== '') return { name, text: option.secret ? text : text.trim() };
  }
  return undefined;
}

function secretFile(option: OptionFacts, env: Environment): string | undefined {
  return option.secret ? env[`${option.name}_FILE`]?.trim() || undefined : undefined;
}

function isSet(option: OptionFacts, env: Environment): boolean {
  return (found(option, env) ?? secretFile(option, env)) !== undefined;
}

function problemsOf(option: (typeof ALL_OPTIONS)[number], env: Environment): string[] {
  const set = found(option, env);
  const file = secretFile(option, env);
  if (set !== undefined && file !== undefined)
    return [`${option.name} and ${option.name}_FILE: set only one of them`];
  if (file !== undefined)
    return attempt(
      `${option.name}_FILE=${shown(file)}`,
      () => fileSecret(file),
      'a readable file that holds the secret',
      '',
    );
  const accepted = option.kind.accepts;
  const example = option.kind.example === '' ? '' : `, for example ${option.name}=${option.kind.example}`;
  if (set === undefined) {
    return option.need === 'required'
      ? [`${option.name}: required. Accepted: ${plain(accepted)}${example}`]
      : [];
  }
  if (option.secret) return attempt(option.name, () => constantSecret(set.text), accepted, '');
  return attempt(`${set.name}=${shown(set.text)}`, () => option.kind.parse(set.text), accepted, example);
}

function attempt(subject: string, parse: () => unknown, accepted: string, example: string): string[] {
  try {
    parse();
    return [];
  } catch (error) {
    const reason = error instanceof Unacceptable ? error.message : messageOf(error);
    return [`${subject}: ${reason}. Accepted: ${plain(accepted)}${example}`];
  }
}

function shown(text: string): string {
  const safe = printable(withoutUserInfo(text));
  return `"${safe.length > SHOWN_VALUE ? `${safe.slice(0, SHOWN_VALUE)}…` : safe}"`;
}

/** Without the back quotes of the manual. */
const plain = (text: string): string => text.replaceAll('`', '');

function knownNames(options: readonly OptionFacts[]): Set<string> {
  return new Set(options.flatMap(({ name, secret }) => (secret ? [name, `${name}_FILE`] : [name])));
}

function unknownNames(env: Environment): string[] {
  const known = knownNames(ALL_OPTIONS);
  return Object.entries(env)
    .filter(
      ([name, value]) =>
        name.startsWith('TETRASHIP_') && !known.has(name) && !isServiceVariable(name, value ?? ''),
    )
    .map(([name]) => {
      const near = nearest(name, known, Math.floor(name.length / NEAR_SHARE));
      const hint = near === undefined ? 'no setting has a similar name' : `did you mean ${near}?`;
      return `${printable(name)}: no such setting; ${hint}`;
    });
}

/** Two that mean nothing without each other. */
function halves(env: Environment): string[] {
  return [
    [OPTIONS.username, OPTIONS.password],
    [OPTIONS.certFile, OPTIONS.keyFile],
  ].flatMap((pair) => {
    const names = pair.map(({ name }) => name).join(', ');
    return pair.filter((option) => isSet(option, env)).length === 1
      ? [`${names}: one is set without the other`]
      : [];
  });
}

/** Each setting is good by itself; here are values that do not go together. */
function contradictions(config: Config): string[] {
  const problems: string[] = [];
  const forbid = (wrong: boolean, message: string): void => {
    if (wrong) problems.push(message);
  };
  forbid(
    config.logs.includes('-') && config.logs.length > 1,
    'TETRAGON_LOG: - (standard input) stands alone or not at all',
  );
  forbid(
    config.outboxBytes < config.batchBytes,
    'TETRASHIP_OUTBOX_BYTES: smaller than TETRASHIP_BATCH_BYTES; a batch that does not compress would never fit',
  );
  forbid(
    config.addColumns.length > config.maxColumns,
    'TETRASHIP_ADD_COLUMNS: more columns than TETRASHIP_MAX_COLUMNS allows in all',
  );
  forbid(
    config.addColumns.some(([name]) => name.replace(/^@/, '_') === config.eventIdColumn?.replace(/^@/, '_')),
    'TETRASHIP_EVENT_ID_COLUMN: TETRASHIP_ADD_COLUMNS adds a column of that name too',
  );
  return problems;
}

/** What is legal but most likely not meant. */
function warnings(env: Environment): string[] {
  const known = knownNames(ALL_OPTIONS);
  const messages = Object.keys(env)
    .filter((name) => /^(PARSEABLE|TETRAGON)_/.test(name) && !known.has(name))
    .flatMap((name) => {
      const near = nearest(name, known, VERY_NEAR);
      return near === undefined ? [] : [`${printable(name)} is not read; did you mean ${near}?`];
    });
  if (isSet(OPTIONS.apiKey, env) && isSet(OPTIONS.password, env))
    messages.push('PARSEABLE_API_KEY is used, PARSEABLE_PASSWORD is not');
  if (!isSet(OPTIONS.apiKey, env) && !isSet(OPTIONS.password, env))
    messages.push('no credentials are set; the server will most likely refuse');
  if (OPTIONS.skipTlsCheck.kind.parse(found(OPTIONS.skipTlsCheck, env)?.text ?? 'false')) {
    messages.push("PARSEABLE_SKIP_TLS_CHECK is on: the server's certificate is not checked");
  }
  return messages;
}

/** Only called once every setting has parsed, so that no `parse` throws here. */
function build(env: Environment) {
  const value = <T>(option: RequiredOption<T> | DefaultOption<T>): T => {
    const fallback = typeof option.fallback === 'function' ? option.fallback() : option.fallback;
    return option.kind.parse(found(option, env)?.text ?? fallback ?? '');
  };
  const maybe = <T>(option: OptionalOption<T>): T | undefined => {
    const set = found(option, env);
    return set === undefined ? undefined : option.kind.parse(set.text);
  };
  const secret = (option: OptionFacts): Secret | undefined => {
    const file = secretFile(option, env);
    const set = found(option, env);
    if (file !== undefined) return fileSecret(file);
    return set === undefined ? undefined : constantSecret(set.text);
  };
  return Object.freeze({
    urls: value(OPTIONS.urls),
    stream: value(OPTIONS.stream),
    username: secret(OPTIONS.username),
    password: secret(OPTIONS.password),
    apiKey: secret(OPTIONS.apiKey),
    caFile: maybe(OPTIONS.caFile),
    certFile: maybe(OPTIONS.certFile),
    keyFile: maybe(OPTIONS.keyFile),
    skipTlsCheck: value(OPTIONS.skipTlsCheck),
    tags: maybe(OPTIONS.tags) ?? [],
    logs: value(OPTIONS.logs),
    readFrom: value(OPTIONS.readFrom),
    maxLineBytes: value(OPTIONS.maxLineBytes),
    stateDir: value(OPTIONS.stateDir),
    nodeName: value(OPTIONS.nodeName),
    deadLetterBytes: value(OPTIONS.deadLetterBytes),
    spoolBytes: value(OPTIONS.spoolBytes),
    addColumns: maybe(OPTIONS.addColumns) ?? [],
    eventIdColumn: maybe(OPTIONS.eventIdColumn),
    arrays: value(OPTIONS.arrays),
    jsonColumns: value(OPTIONS.jsonColumns),
    maxColumns: value(OPTIONS.maxColumns),
    /** Texts of the rule language; the pipeline parses them. */
    include: maybe(OPTIONS.include),
    exclude: maybe(OPTIONS.exclude),
    dropColumns: maybe(OPTIONS.dropColumns) ?? [],
    redactColumns: maybe(OPTIONS.redactColumns) ?? [],
    batchBytes: value(OPTIONS.batchBytes),
    flushIntervalMs: value(OPTIONS.flushIntervalMs),
    compression: value(OPTIONS.compression),
    outboxBytes: value(OPTIONS.outboxBytes),
    whenFull: value(OPTIONS.whenFull),
    concurrency: value(OPTIONS.concurrency),
    requestTimeoutMs: value(OPTIONS.requestTimeoutMs),
    retryMaxMs: value(OPTIONS.retryMaxMs),
    rules: maybe(OPTIONS.rules),
    listen: value(OPTIONS.listen),
    tapToken: secret(OPTIONS.tapToken),
    logLevel: value(OPTIONS.logLevel),
    logFormat: value(OPTIONS.logFormat),
    shutdownGraceMs: value(OPTIONS.shutdownGraceMs),
    httpsProxy: maybe(OPTIONS.httpsProxy),
    httpProxy: maybe(OPTIONS.httpProxy),
    noProxy: maybe(OPTIONS.noProxy),
    /** Legal but most likely not meant; logged at start. */
    warnings: warnings(env),
  });
}
