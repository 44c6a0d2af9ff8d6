import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadRules } from '../../rules/load.ts';
import { cli } from '../commands/in-process.ts';
import { file } from '../commands/rules-files.ts';
import { ATTACK, USUAL } from './usual-cluster.ts';

const folder = fileURLToPath(new URL('../../rules/packs', import.meta.url));
const severities = new Map(loadRules(folder).rules.map(({ name, severity }) => [name, severity]));

/** Further apart than a cooldown. */
const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 2);

function event([namespace, parent, binary, args]: readonly string[], index: number): string {
  const pod = namespace === '' ? {} : { pod: { namespace, name: `pod-${index}`, container: { name: 'c' } } };
  const process = { binary, ...(args !== '' && { arguments: args }), uid: 0, ...pod };
  return JSON.stringify({
    process_exec: { process, parent: { binary: parent } },
    time: new Date(START + index * HOUR).toISOString(),
  });
}

interface Result {
  readonly rule: string;
  readonly rows: readonly { readonly time: string }[];
}

/** For each rule that fires, the indices of the executions on which it does. */
async function fired(executions: readonly (readonly string[])[]): Promise<Map<string, number[]>> {
  const log = file('executions.log', executions.map(event).join('\n'));
  const { stdout } = await cli('rules', 'backtest', folder, log, '--json', '--rows', '100');
  const results: Result[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const indices = ({ rows }: Result) => rows.map(({ time }) => (Date.parse(time) - START) / HOUR);
  return new Map(
    results.filter(({ rows }) => rows.length > 0).map((result) => [result.rule, indices(result)]),
  );
}

test('what a usual cluster does every day raises nothing', async () => {
  const alarms = [...(await fired(USUAL))].map(([rule, at]) => [rule, at.map((index) => USUAL[index])]);
  expect(alarms).toEqual([]);
});

test('each step of an attack raises its alert', async () => {
  const alarms = await fired(ATTACK);
  const unseen = ATTACK.filter(([, , , , rule], index) => alarms.get(rule)?.includes(index) !== true);
  expect(unseen).toEqual([]);
});

test('what ends a night’s sleep is rare: a third of the rules at most', () => {
  const critical = [...severities.values()].filter((severity) => severity === 'critical').length;
  expect(critical * 3).toBeLessThan(severities.size);
});
