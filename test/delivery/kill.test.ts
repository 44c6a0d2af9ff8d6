/** SIGKILL at any instant: what was settled is in the spool, whole. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { createReceiver } from '../receiver/index.ts';
import { rig, tempFolder } from './fixtures.ts';

const AGENT = path.join(import.meta.dirname, 'spooling-agent.ts');

test('an agent that is killed while it spools loses nothing that it called safe', async () => {
  for (const after of [1, 57, 300]) {
    using temp = tempFolder();
    await using server = await createReceiver();
    await server.stop();
    const agent = spawn(process.execPath, [AGENT, temp.folder, server.url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const settled: number[] = [];
    for await (const line of createInterface({ input: agent.stdout })) {
      settled.push(Number(line));
      if (settled.length === after) agent.kill('SIGKILL');
    }
    if (agent.signalCode === null) await once(agent, 'exit');
    expect(agent.signalCode).toBe('SIGKILL');

    await server.restart();
    const { delivery, log } = rig([server.url], {
      spool: { folder: temp.folder, maxBytes: 16 * 1024 * 1024 },
    });
    const keys = settled.flatMap((sequence) => [sequence * 20 - 20, sequence * 20 - 1]);
    await server.waitFor(() => keys.every((key) => server.keys.count(key) > 0), 8000);
    await expect.poll(() => delivery.spool?.usedBytes).toBe(0);
    expect(server.duplicates).toBe(0);
    expect(delivery.spool?.stats.damagedRecords).toBeLessThanOrEqual(1);
    expect(log.of('error').length).toBe(delivery.spool?.stats.damagedRecords);
    await delivery.stop(0);
  }
}, 30_000);
