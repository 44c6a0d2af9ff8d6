/** One target of a valid document, with defaults filled in. */

import { parseDuration } from './duration.ts';
import type { Repeat, Target, TargetCommon } from './ruleset.ts';

/** What a target without `repeat` does. */
const DEFAULT_INTERVAL_MS = 200_000;
const DEFAULT_TIMES = 5;

interface RepeatJson {
  readonly interval?: string | null;
  readonly times?: number | null;
}

interface TargetExtensionJson {
  readonly format?: 'text' | 'json';
  readonly method?: 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeout?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** What schema.json lets through. */
export interface TargetJson {
  readonly type: 'webhook' | 'slack' | 'alertmanager';
  readonly endpoint: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly skip_tls_check?: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly repeat?: RepeatJson | null;
  readonly tetraship?: TargetExtensionJson;
}

export function toTarget(json: TargetJson): Target {
  const { username, password, tetraship = {} } = json;
  switch (json.type) {
    case 'webhook': {
      const { format = 'text', method = 'POST' } = tetraship;
      return { type: json.type, ...common(json, DEFAULT_TIMES), format, method };
    }
    case 'slack':
      return { type: json.type, ...common(json, DEFAULT_TIMES) };
    case 'alertmanager': {
      const credentials =
        username === undefined || password === undefined ? undefined : { username, password };
      return { type: json.type, ...common(json, Number.POSITIVE_INFINITY), credentials };
    }
  }
}

function common(json: TargetJson, defaultTimes: number): TargetCommon {
  const { tetraship = {} } = json;
  const { caFile: ca, certFile: cert, keyFile: key, timeout } = tetraship;
  return {
    endpoint: json.endpoint,
    headers: json.headers ?? tetraship.headers ?? {},
    skipTlsCheck: json.skip_tls_check ?? false,
    tls: { ca, cert, key },
    timeoutMs: timeout === undefined ? undefined : parseDuration(timeout),
    repeat: toRepeat(json, defaultTimes),
  };
}

function toRepeat({ repeat }: TargetJson, defaultTimes: number): Repeat {
  const interval = repeat?.interval ?? undefined;
  return {
    intervalMs: interval === undefined ? DEFAULT_INTERVAL_MS : parseDuration(interval),
    times: repeat?.times ?? defaultTimes,
  };
}
