/** The agent's own address: free, or taken by an agent that runs, or by somebody else. */

import { createServer } from 'node:net';
import type { Config, Environment } from '../config.ts';
import { messageOf, systemCode } from '../errors.ts';
import { agentUrl, askAgent } from './agent-client.ts';
import { type Finding, fail, ok } from './finding.ts';

export async function checkListen(env: Environment, { listen }: Config): Promise<Finding[]> {
  const { host, port } = listen;
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const error = await bindError(host, port);
  if (error === undefined) return [ok('listen', `${where} is free`)];
  if (systemCode(error) === 'EADDRINUSE') {
    if (await isAgent(agentUrl(env, undefined))) return [ok('listen', `an agent answers at ${where}`)];
    return [
      fail(
        'listen',
        `${where} is in use by another program`,
        'set TETRASHIP_LISTEN to another port, and the probes and scrapers with it',
      ),
    ];
  }
  return [
    fail(
      'listen',
      `cannot listen on ${where}: ${messageOf(error)}`,
      'set TETRASHIP_LISTEN to an address of this machine',
    ),
  ];
}

function bindError(host: string, port: number): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
}

async function isAgent(url: string): Promise<boolean> {
  try {
    return (await askAgent(url, '/metrics')).text.includes('tetraship_build_info');
  } catch {
    return false;
  }
}
