/** What each stage gets of the configuration. */

import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Expression } from '../rules/ast.ts';
import { ExpressionError, formatError, parse } from '../rules/parse.ts';
import type { AlertingOptions } from './alerts/alerting.ts';
import type { ProxyOptions } from './alerts/tls-dispatchers.ts';
import type { Config } from './config.ts';
import type { ClientOptions } from './delivery/client.ts';
import type { DeliveryOptions } from './delivery/delivery.ts';
import { messageOf, systemCode, TetrashipError } from './errors.ts';
import { lockStateFolder, type StateLock } from './intake/lock.ts';
import { keepReserve } from './intake/reserve.ts';
import type { KernelOptions } from './kernel/kernel.ts';
import { SLOT_COUNT } from './limits.ts';
import type { Logger } from './log.ts';

/** @throws TetrashipError CONFIG when a filter is no expression. */
export function kernelOptions(config: Config): KernelOptions {
  const include = filter('TETRASHIP_INCLUDE', config.include);
  const exclude = filter('TETRASHIP_EXCLUDE', config.exclude);
  return {
    arrays: config.arrays,
    jsonColumns: config.jsonColumns,
    maxColumns: config.maxColumns,
    maxLineBytes: config.maxLineBytes,
    addColumns: config.addColumns,
    dropColumns: config.dropColumns,
    redactColumns: config.redactColumns,
    slotCount: SLOT_COUNT,
    slotBytes: config.batchBytes,
    eventId:
      config.eventIdColumn === undefined
        ? undefined
        : { column: config.eventIdColumn, node: config.nodeName },
    filters: { ...(include && { include }), ...(exclude && { exclude }) },
  };
}

function filter(variable: string, text: string | undefined): Expression | undefined {
  if (text === undefined) return undefined;
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new TetrashipError('CONFIG', `cannot use ${variable}: ${formatError(text, error)}`, {
      cause: error,
    });
  }
}

type FromConfig = ClientOptions &
  Pick<DeliveryOptions, 'compression' | 'retryMaxMs' | 'outboxBytes' | 'whenFull' | 'spool'>;

/** @throws TetrashipError CONFIG when a TLS file cannot be read. */
export function deliveryOptions(config: Config): FromConfig {
  return {
    urls: config.urls,
    stream: config.stream,
    credentials: () => ({
      username: config.username?.read(),
      password: config.password?.read(),
      apiKey: config.apiKey?.read(),
    }),
    tls: {
      ca: pem('PARSEABLE_CA_FILE', config.caFile),
      cert: pem('PARSEABLE_CERT_FILE', config.certFile),
      key: pem('PARSEABLE_KEY_FILE', config.keyFile),
      skipCheck: config.skipTlsCheck,
    },
    proxy: { http: config.httpProxy, https: config.httpsProxy, none: config.noProxy },
    tags: config.tags,
    concurrency: config.concurrency,
    requestTimeoutMs: config.requestTimeoutMs,
    compression: config.compression,
    retryMaxMs: config.retryMaxMs,
    outboxBytes: config.outboxBytes,
    whenFull: config.whenFull,
    spool: { folder: join(config.stateDir, 'spool'), maxBytes: config.spoolBytes },
  };
}

/** @throws TetrashipError STATE: the id of the installation is kept in the state folder. */
export function alertingOptions(config: Config, log: Logger): Omit<AlertingOptions, 'rules' | 'isBlocked'> {
  const { stateDir, stream, nodeName } = config;
  const rulePaths = config.rules ?? [];
  const proxy = targetProxy(config);
  return { rulePaths, stateDir, stream, nodeName, deploymentId: deploymentId(stateDir), proxy, log };
}

/** The proxies of alert targets. */
export function targetProxy({ httpProxy, httpsProxy, noProxy }: Config): ProxyOptions {
  return {
    ...(httpProxy && { httpProxy }),
    ...(httpsProxy && { httpsProxy }),
    ...(noProxy && { noProxy }),
  };
}

function pem(variable: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new TetrashipError('CONFIG', `cannot read ${variable}=${file}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** @throws TetrashipError STATE when the folder cannot be made or another agent holds it. */
export function lockState(folder: string): StateLock {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new TetrashipError(
      'STATE',
      `cannot use the state folder ${folder}: ${systemCode(error) || messageOf(error)}; nothing was read or sent. Set TETRASHIP_STATE_DIR to a folder that this user may write to`,
      { cause: error },
    );
  }
  const lock = lockStateFolder(folder);
  keepReserve(folder);
  return lock;
}

/** A random id of this installation, made once and kept in the state folder. */
function deploymentId(folder: string): string {
  const file = join(folder, 'deployment-id');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw stateError(file, error);
  }
  const id = randomUUID();
  try {
    writeFileSync(file, `${id}\n`, { mode: 0o600 });
  } catch (error) {
    throw stateError(file, error);
  }
  return id;
}

function stateError(file: string, error: unknown): TetrashipError {
  return new TetrashipError('STATE', `cannot use ${file}: ${messageOf(error)}; nothing was read or sent`, {
    cause: error,
  });
}
