/**
 * Whether targets can be reached: the connection is made (with its TLS handshake) and ended, and nothing is said over
 * it, so that nobody is alerted.
 */

import { readFileSync } from 'node:fs';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import fastq from 'fastq';
import { hasReference } from '../../rules/references.ts';
import type { Rule, Target } from '../../rules/ruleset.ts';
import { SecretText } from '../alerts/secret-text.ts';
import { messageOf, systemCode } from '../errors.ts';

const TIMEOUT_MS = 5_000;
const AT_ONCE = 8;

/** One sentence for each place that does not answer, with the rules that would call it; places are tried once. */
export async function unreachableTargets(rules: readonly Rule[]): Promise<string[]> {
  const users = new Map<string, { target: Target; names: string[] }>();
  for (const { name, targets } of rules) {
    for (const [index, target] of targets.entries()) {
      const key = JSON.stringify([target.endpoint, target.skipTlsCheck, target.tls]);
      const entry = users.get(key) ?? { target, names: [] };
      users.set(key, entry);
      entry.names.push(`rule ${JSON.stringify(name)}, target ${index + 1}`);
    }
  }
  const queue = fastq.promise(
    ({ target, names }: { target: Target; names: string[] }) => sentence(target, names),
    AT_ONCE,
  );
  const answers = await Promise.all([...users.values()].map((user) => queue.push(user)));
  return answers.filter((answer) => answer !== undefined);
}

async function sentence(target: Target, names: readonly string[]): Promise<string | undefined> {
  const who = names.length === 1 ? names[0] : `${names[0]} and ${names.length - 1} more`;
  // An endpoint may be a secret: only its host is shown, and not even that when it stands in a reference.
  const isSecret = hasReference(target.endpoint);
  let where = 'the endpoint';
  try {
    const url = new URL(new SecretText(target.endpoint).read());
    const proxy = proxyOf(url);
    if (!isSecret) where = url.host;
    if (proxy !== undefined) where += `, through the proxy ${proxy.host}`;
    await tryConnect(proxy ?? url, proxy === undefined ? target : undefined);
    return undefined;
  } catch (error) {
    return `${where} (${who}): ${(isSecret && systemCode(error)) || messageOf(error)}`;
  }
}

/** @param target whose certificate is checked as the agent would; a proxy's is taken as it is */
function tryConnect(url: URL, target: Target | undefined): Promise<void> {
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const trust =
    target === undefined
      ? { rejectUnauthorized: false }
      : { rejectUnauthorized: !target.skipTlsCheck, ...pems(target) };
  return new Promise((resolve, reject) => {
    const socket: Socket = secure
      ? connectTls({ host, port, servername: isIP(host) === 0 ? host : '', ...trust })
      : connectTcp({ host, port });
    const timer = setTimeout(
      () => socket.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} s`)),
      TIMEOUT_MS,
    );
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      resolve();
      socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => clearTimeout(timer));
  });
}

/** As the agent would go: by the proxy of the URL's protocol, unless the host is excepted. */
function proxyOf(url: URL): URL | undefined {
  const { HTTP_PROXY, http_proxy, HTTPS_PROXY, https_proxy, NO_PROXY, no_proxy } = process.env;
  const proxy = url.protocol === 'https:' ? (https_proxy ?? HTTPS_PROXY) : (http_proxy ?? HTTP_PROXY);
  if (proxy === undefined || proxy === '') return undefined;
  const exceptions = (no_proxy ?? NO_PROXY ?? '').split(/[,\s]+/).filter((entry) => entry !== '');
  return exceptions.some((entry) => isExcepted(url, entry)) ? undefined : new URL(proxy);
}

/** `*`, a host with its subdomains (a dot or `*.` may stand before it), either with `:port`. */
function isExcepted(url: URL, entry: string): boolean {
  const [, name = '', port] = /^(.+?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
  if (port !== undefined && port !== url.port) return false;
  const host = name.replace(/^\*?\./, '');
  return name === '*' || url.hostname === host || url.hostname.endsWith(`.${host}`);
}

function pems({ tls }: Target): { ca?: Buffer; cert?: Buffer; key?: Buffer } {
  return {
    ...(tls.ca !== undefined && { ca: readFileSync(tls.ca) }),
    ...(tls.cert !== undefined && { cert: readFileSync(tls.cert) }),
    ...(tls.key !== undefined && { key: readFileSync(tls.key) }),
  };
}
