/** Targets of alerts: whether each can be connected to. Nothing is sent: a test alert would wake somebody. */

import type { RuleSet } from '../../rules/ruleset.ts';
import type { Config } from '../config.ts';
import { targetProxy } from '../pipeline-options.ts';
import { connectionAdvice } from './connection-advice.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import { type Fault, type Place, reach } from './reach.ts';

/** Different places; more is no configuration that a person waits for. */
const MAX_PLACES = 50;

export async function checkTargets(config: Config, rules: RuleSet['rules']): Promise<Finding[]> {
  const enabled = rules.filter((rule) => rule.enabled);
  const { places, untried } = await reach(enabled, targetProxy(config), MAX_PLACES);
  const found = places.map(findingOf);
  if (untried > 0)
    found.push(
      warn(
        'targets',
        `${untried} places more were not tried`,
        'see tetraship_alert_notifications_total once the agent runs',
      ),
    );
  return found;
}

function findingOf({ type, users, origin, proxy, fault }: Place): Finding {
  const who = `${type} of ${users[0]}${users.length === 1 ? '' : ` and ${users.length - 1} more`}`;
  const where = origin ?? 'the endpoint';
  const way = proxy === undefined ? '' : ` through the proxy ${proxy}`;
  if (fault === undefined) return ok('targets', `${where} can be connected to${way} (${who})`);
  return fail(
    'targets',
    fault.kind === 'secret'
      ? `${where} cannot be called: ${fault.cause} (${who})`
      : `${where} cannot be reached${way}: ${fault.cause} (${who})`,
    wayOut(origin, fault),
  );
}

function wayOut(origin: string | undefined, { kind, cause, code }: Fault): string {
  if (kind === 'secret')
    return 'put the secret there, where this user can read it: until then the notifications wait';
  if (kind === 'proxy')
    return 'see whether the proxy of HTTPS_PROXY or HTTP_PROXY runs and lets this host and port through, or name the host in NO_PROXY';
  return connectionAdvice(origin ?? 'https://host', code, cause, '');
}
