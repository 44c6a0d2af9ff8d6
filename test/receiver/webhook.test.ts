import { expect, test } from 'vitest';
import { createWebhook } from './index.ts';

const PATIENCE_MS = 5000;

test('records what it is sent and answers as told', async () => {
  await using webhook = await createWebhook();
  webhook.answer = (_, index) =>
    [undefined, { status: 503, body: 'no' }, 'reset' as const, 'hang' as const][index];
  const post = (body: string, signal?: AbortSignal) =>
    fetch(`${webhook.url}/hook?x=1`, {
      method: 'POST',
      headers: { 'x-team': 'blue' },
      body,
      ...(signal === undefined ? {} : { signal }),
    }).then(
      (response) => response.status,
      () => 'lost',
    );
  expect(await post('one')).toBe(200);
  expect(await post('two')).toBe(503);
  expect(await post('three')).toBe('lost');
  const abort = new AbortController();
  const hanging = post('four', abort.signal);
  await webhook.waitForRequests(4, PATIENCE_MS);
  // Whatever the fourth were to be answered, it would be here before the fifth's answer.
  expect(await post('five')).toBe(200);
  abort.abort();
  expect(await hanging).toBe('lost');
  expect(webhook.requests.map(({ method, path, body }) => [method, path, body])).toEqual(
    ['one', 'two', 'three', 'four', 'five'].map((body) => ['POST', '/hook?x=1', body]),
  );
  expect(webhook.requests[0]?.headers['x-team']).toBe('blue');
  await webhook.stop();
  expect(await post('six')).toBe('lost');
  await webhook.restart();
  webhook.answer = undefined;
  expect(await post('seven')).toBe(200);
  expect(webhook.count).toBe(6);
});
