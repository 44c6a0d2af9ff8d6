/** Targets of alerts: whether each can be connected to. Nothing is sent: a test alert would wake somebody. */

import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { RuleSet, Target } from '../../rules/ruleset.ts';
import type { Config } from '../config.ts';
import { messageOf, systemCode } from '../errors.ts';
import { connectionAdvice } from './connection-advice.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const TIMEOUT_MS = 10_000;
/** Different places; more is no configuration that a person waits for. */
const MAX_PLACES = 50;

export async function checkTargets(config: Config, rules: RuleSet['rules']): Promise<Finding[]> {
  const places = new Map<string, { target: Target; rule: string }>();
  const found: Finding[] = [];
  for (const { name, targets } of rules) {
    for (const target of targets) {
      const origin = URL.parse(target.endpoint)?.origin;
      if (origin === undefined || target.endpoint.includes('${'))
        found.push(
          warn(
            'targets',
            `an endpoint of ${name} is only known when it is used`,
            'see tetraship_alert_notifications_total once the agent runs',
          ),
        );
      else if (!places.has(origin)) places.set(origin, { target, rule: name });
    }
  }
  const proxied = config.httpProxy !== undefined || config.httpsProxy !== undefined;
  if (proxied && places.size > 0)
    return [
      ...found,
      warn(
        'targets',
        'a proxy is set: targets were not tried',
        'see tetraship_alert_notifications_total once the agent runs',
      ),
    ];
  const shown = [...places].slice(0, MAX_PLACES);
  return [
    ...found,
    ...(await Promise.all(shown.map(([origin, { target, rule }]) => checkPlace(origin, target, rule)))),
  ];
}

async function checkPlace(origin: string, target: Target, rule: string): Promise<Finding> {
  const error = await connectionError(new URL(origin), target);
  if (error === undefined) return ok('targets', `${origin} can be connected to (${target.type} of ${rule})`);
  const code = systemCode(error);
  return fail(
    'targets',
    `${origin} cannot be reached: ${messageOf(error)} (${target.type} of ${rule})`,
    connectionAdvice(origin, code, messageOf(error), ''),
  );
}

function connectionError({ hostname, port, protocol }: URL, target: Target): Promise<Error | undefined> {
  const isTls = protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const place = { host, port: port === '' ? (isTls ? 443 : 80) : Number(port) };
  return new Promise((resolve) => {
    const socket = isTls
      ? connectTls({
          ...place,
          servername: host,
          // With an authority of its own the agent's connection decides; here it is only whether anybody is there.
          rejectUnauthorized: !target.skipTlsCheck && target.tls.ca === undefined,
        })
      : connectTcp(place);
    const end = (error: Error | undefined): void => {
      socket.destroy();
      resolve(error);
    };
    socket.setTimeout(TIMEOUT_MS, () =>
      end(Object.assign(new Error('no answer in 10 s'), { code: 'TIMEOUT' })),
    );
    socket.once('error', end);
    socket.once(isTls ? 'secureConnect' : 'connect', () => end(undefined));
  });
}
