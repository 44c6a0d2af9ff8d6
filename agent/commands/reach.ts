/**
 * Whether targets can be reached: the connection is made (with its TLS handshake) and ended, and nothing is said over
 * it, so that nobody is alerted.
 */

import { readFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import fastq from 'fastq';
import { hasReference, replaceReferences } from '../../rules/references.ts';
import type { Rule, Target } from '../../rules/ruleset.ts';
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
    const url = new URL(replaceReferences(target.endpoint, read));
    if (!isSecret) where = url.host;
    await tryConnect(url, target);
    return undefined;
  } catch (error) {
    return `${where} (${who}): ${(isSecret && systemCode(error)) || messageOf(error)}`;
  }
}

function read({ kind, name }: { kind: 'file' | 'env'; name: string }): string {
  if (kind === 'file') return readFileSync(name, 'utf8').trim();
  const value = process.env[name];
  if (value === undefined) throw new Error(`the variable ${name} is not set here`);
  return value;
}

function tryConnect(url: URL, target: Target): Promise<void> {
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  return new Promise((resolve, reject) => {
    const socket: Socket = secure
      ? connectTls({
          host,
          port,
          servername: host,
          rejectUnauthorized: !target.skipTlsCheck,
          ...pems(target),
        })
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

function pems({ tls }: Target): { ca?: Buffer; cert?: Buffer; key?: Buffer } {
  return {
    ...(tls.ca !== undefined && { ca: readFileSync(tls.ca) }),
    ...(tls.cert !== undefined && { cert: readFileSync(tls.cert) }),
    ...(tls.key !== undefined && { key: readFileSync(tls.key) }),
  };
}
