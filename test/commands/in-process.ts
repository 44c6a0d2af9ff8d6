/** Runs the command line in this process, which is much cheaper than one of its own; for commands that end. */

import { vi } from 'vitest';
import { main } from '../../agent/commands/entry.ts';

/** A busy machine is no failure: what these tests look at is never the time. */
vi.setConfig({ testTimeout: 120_000 });

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

class Exit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** One at a time: it takes the process's own streams. */
export async function cli(...argv: string[]): Promise<Ended> {
  const out = capture(process.stdout);
  const err = capture(process.stderr);
  const exit = vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Exit(Number(code ?? 0));
  });
  process.exitCode = undefined;
  try {
    await main(argv);
    return { code: Number(process.exitCode ?? 0), stdout: out.text, stderr: err.text };
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    return { code: error.code, stdout: out.text, stderr: err.text };
  } finally {
    process.exitCode = undefined;
    for (const spy of [out, err, exit]) spy.mockRestore();
  }
}

function capture(stream: NodeJS.WriteStream): { text: string; mockRestore(): void } {
  const captured = { text: '', mockRestore: () => spy.mockRestore() };
  const spy = vi.spyOn(stream, 'write').mockImplementation((chunk) => {
    captured.text += chunk.toString();
    return true;
  });
  return captured;
}
