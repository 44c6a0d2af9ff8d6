/**
 * Connections by what they trust and show: most targets share two sets of them (certificates checked, or not), and
 * each set of PEM files has its own, which is made anew when one of the files has changed.
 */

import { readFileSync, statSync } from 'node:fs';
import type { TlsFiles } from '../../rules/ruleset.ts';
import { messageOf, systemCode } from '../errors.ts';
import { type Dispatcher, EnvHttpProxyAgent } from '../http-dispatchers.ts';

/** To one origin: more rules than this that wait for the same dead host wait in line. */
const MAX_CONNECTIONS = 64;

/** An idle connection is kept so long unless the target says less: the next alert finds it open. */
const KEEP_ALIVE_MS = 30_000;

/** No certificate is larger. */
const MAX_PEM_BYTES = 1024 * 1024;

/** Proxies for the targets; what is left out comes from the environment. */
export interface ProxyOptions {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly noProxy?: string;
  /** Makes the connections to a proxy, for who wants to see them; undici's own are pools. */
  readonly clientFactory?: (origin: URL, options: object) => Dispatcher;
}

interface Made {
  /** Of the files it was made from. */
  readonly fingerprint: string;
  readonly dispatcher: Dispatcher;
}

export class TlsDispatchers {
  readonly #proxy: ProxyOptions;
  readonly #timeoutMs: number;
  readonly #made: Map<string, Made>;

  constructor(proxy: ProxyOptions, timeoutMs: number) {
    this.#proxy = proxy;
    this.#timeoutMs = timeoutMs;
    this.#made = new Map();
  }

  /** @throws {Error} when a file cannot be read and never could */
  for(tls: TlsFiles, skipCheck: boolean): Dispatcher {
    const files = [tls.ca, tls.cert, tls.key];
    const key = `${skipCheck}\n${files.join('\n')}`;
    const made = this.#made.get(key);
    let fingerprint = '';
    try {
      fingerprint = files.map((file) => (file === undefined ? '' : fingerprintOf(file))).join();
      if (made?.fingerprint === fingerprint) return made.dispatcher;
      const [ca, cert, pemKey] = files.map((file) =>
        file === undefined ? undefined : readFileSync(file, 'utf8'),
      );
      const tlsOptions = {
        rejectUnauthorized: !skipCheck,
        ...(ca !== undefined && { ca }),
        ...(cert !== undefined && { cert }),
        ...(pemKey !== undefined && { key: pemKey }),
      };
      const dispatcher = new EnvHttpProxyAgent({
        ...this.#proxy,
        connections: MAX_CONNECTIONS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connect: { ...tlsOptions, timeout: this.#timeoutMs },
        requestTls: tlsOptions,
      });
      this.#made.set(key, { fingerprint, dispatcher });
      // Requests under way end on the old connections; how these end matters to nobody.
      made?.dispatcher.close().catch(() => undefined);
      return dispatcher;
    } catch (error) {
      // The moment in which a Secret volume is swapped is no reason to stop.
      if (made !== undefined) return made.dispatcher;
      throw error;
    }
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#made.values()].map(({ dispatcher }) => dispatcher.destroy()));
  }
}

function fingerprintOf(file: string): string {
  try {
    const { ino, size, mtimeNs } = statSync(file, { bigint: true });
    if (size > MAX_PEM_BYTES) throw new Error('it is too large for a certificate');
    return `${ino}:${size}:${mtimeNs}`;
  } catch (error) {
    throw new Error(`cannot read ${file}: ${systemCode(error) || messageOf(error)}`, { cause: error });
  }
}
