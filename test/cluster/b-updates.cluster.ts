/** What an operator does to running agents, under load: nothing is lost. */

import { expect, test } from 'vitest';
import { helm, kubectl, PROJECT, STATE } from './kit.ts';
import { agentPod, startWriter, waitForEvents, writerIsDone } from './world.ts';

/** One MB/s, for as long as an update takes. */
const RATE = 350;
const EVENTS = 4200;

const upgrade = (...changes: string[]): Promise<string> =>
  helm(
    ...['upgrade', 'tetraship', `${PROJECT}/deploy/helm/tetraship`, '--namespace', 'tetraship'],
    ...['--reuse-values', '--values', `${STATE}/values.json`],
    ...changes.flatMap((change) => ['--set', change]),
  );

const rolledOut = (): Promise<string> =>
  kubectl('-n tetraship rollout status daemonset/tetraship --timeout=60s');

/** Rows that a stop in order may repeat: none. A kill may repeat what was in flight, and a second of acknowledged rows. */
const REPEATED_BY_KILL = 2 * RATE + 3000;

test('a rolling update under load loses nothing, and repeats nothing', async () => {
  const first = 100_000;
  const writer = await startWriter({ events: EVENTS, first, rate: RATE, maxKb: 2048 });
  const before = await agentPod();
  await upgrade('podAnnotations.revision=two');
  await rolledOut();
  expect(await agentPod()).not.toBe(before);
  await writerIsDone(writer);
  expect(await waitForEvents(first, EVENTS)).toBe(0);
});

test('a pod deleted by force, twice, under load loses nothing', async () => {
  const first = 200_000;
  const writer = await startWriter({ events: EVENTS, first, rate: RATE, maxKb: 2048 });
  for (let kills = 0; kills < 2; kills++) {
    const pod = await agentPod();
    await kubectl(`-n tetraship delete pod ${pod} --force --grace-period=0`);
    await rolledOut();
  }
  await writerIsDone(writer);
  const repeated = await waitForEvents(first, EVENTS);
  console.log(`${repeated} of ${EVENTS} events were sent twice`);
  expect(repeated).toBeLessThan(REPEATED_BY_KILL);
});
