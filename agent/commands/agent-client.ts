/** How commands ask a running agent: where it listens, and what to say when nobody answers. */

import { OPTIONS } from '../config/options.ts';
import type { Environment } from '../config.ts';
import { messageOf, TetrashipError } from '../errors.ts';

const TIMEOUT_MS = 5000;
/** A status of many rules takes some 50 KiB. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const EVERY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** Of `--url`, or of the agent of this machine by its own settings. */
export function agentUrl(env: Environment, url: string | undefined): string {
  if (url !== undefined) {
    const parsed = URL.parse(url.includes('://') ? url : `http://${url}`);
    if (parsed === null || !/^https?:$/.test(parsed.protocol))
      throw new TetrashipError('CONFIG', `cannot use --url ${url}: give it as http://HOST:9880`);
    return parsed.href.replace(/\/+$/, '');
  }
  const { kind, fallback } = OPTIONS.listen;
  const text = env[OPTIONS.listen.name]?.trim() || (typeof fallback === 'string' ? fallback : '');
  const { host, port } = kind.parse(text);
  const name = EVERY_ADDRESS.has(host) ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/** The token as the agent reads it; `undefined` when none is set or its file cannot be read. */
export async function tapToken(env: Environment): Promise<string | undefined> {
  const { constantSecret, fileSecret } = await import('../config/secret.ts');
  const { name } = OPTIONS.tapToken;
  const [text, file] = [env[name] ?? '', env[`${name}_FILE`]?.trim() ?? ''];
  if (text !== '') return constantSecret(text).read();
  try {
    return file === '' ? undefined : fileSecret(file).read();
  } catch {
    return undefined;
  }
}

export interface Asked {
  readonly status: number;
  readonly text: string;
}

/** @throws {TetrashipError} AGENT when nobody answers */
export async function askAgent(url: string, path: string, token?: string): Promise<Asked> {
  const response = await openAgent(url, path, token, AbortSignal.timeout(TIMEOUT_MS));
  return { status: response.status, text: await bounded(response) };
}

/** @throws {TetrashipError} AGENT when nobody answers */
export async function openAgent(
  url: string,
  path: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<Response> {
  try {
    return await fetch(`${url}${path}`, {
      redirect: 'error',
      signal,
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new TetrashipError(
      'AGENT',
      `cannot ask the agent at ${url}: ${messageOf(cause)}. Is it running there? Another address: --url http://HOST:9880`,
      { cause: error },
    );
  }
}

async function bounded(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_ANSWER_BYTES)
      throw new TetrashipError(
        'AGENT',
        'cannot read the answer: it is too long for an agent, so another program answers there. Another address: --url http://HOST:9880',
      );
  }
  return text + decoder.decode();
}
