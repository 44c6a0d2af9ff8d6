/**
 * Secrets: a value from the environment, or from a file that is read again when it changed (a rotated Kubernetes
 * Secret shows as a new file behind the same path). The text never goes into a message.
 */

import { readFileSync, statSync } from 'node:fs';
import { touching, Unacceptable } from './values.ts';

/** More is no password but a wrong path. */
const MAX_SECRET_BYTES = 16 * 1024;

export interface Secret {
  /** The text in force now. Cheap enough to call per request: one `stat` when it comes from a file. */
  read(): string;
}

/** Refuses what no credential can be; a header cannot carry control characters. */
function checked(text: string): string {
  if (text === '') throw new Unacceptable('the secret is empty');
  if (/\p{Cc}/u.test(text)) throw new Unacceptable('the secret holds a control character or a second line');
  return text;
}

/** @throws {Unacceptable} */
export function constantSecret(text: string): Secret {
  const value = checked(text);
  return { read: () => value };
}

function fingerprint(file: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
  if (size > MAX_SECRET_BYTES) throw new Unacceptable('the file is too large for a secret');
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}

/** One final line end does not belong to the secret: editors and `kubectl create secret` users add it. */
function readSecretFile(file: string): string {
  return checked(readFileSync(file, 'utf8').replace(/\r?\n$/, ''));
}

/**
 * A secret in a file. While the file is missing or unusable after a good start, the last good text stays in
 * force: the moment in which a Secret volume is swapped is no reason to stop.
 * @throws {Unacceptable} when the file cannot be used at the first reading
 */
export function fileSecret(file: string): Secret {
  let seen = touching(() => fingerprint(file));
  let value = touching(() => readSecretFile(file));
  return {
    read() {
      const now = tryFingerprint(file);
      if (now !== undefined && now !== seen) {
        const fresh = tryRead(file);
        if (fresh !== undefined) {
          value = fresh;
          seen = now;
        }
      }
      return value;
    },
  };
}

function tryFingerprint(file: string): string | undefined {
  try {
    return fingerprint(file);
  } catch {
    return undefined;
  }
}

function tryRead(file: string): string | undefined {
  try {
    return readSecretFile(file);
  } catch {
    return undefined;
  }
}
