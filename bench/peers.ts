/** The other shippers as contenders: real programs with the configurations of `bench/peers/`. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { realProgram } from './corpus.ts';
import type { Shipper } from './shipper.ts';

interface Peer {
  readonly name: string;
  readonly program: string;
  readonly config: string;
}

const PEERS: readonly Peer[] = [
  { name: 'Vector 0.56', program: 'vector', config: 'vector.yaml' },
  { name: 'Fluent Bit 5.1, not flattening', program: 'fluent-bit', config: 'fluent-bit.yaml' },
];

/** Variants that tell how far a configuration can be driven. */
const VARIANTS: readonly Peer[] = [
  { name: 'Vector 0.56, tuned', program: 'vector', config: 'vector-tuned.yaml' },
  { name: 'Fluent Bit 5.1, lifting two levels', program: 'fluent-bit', config: 'fluent-bit-lift.yaml' },
];

/** Those whose programs are at hand; of the others it says so. */
export function peers(variants = false): Shipper[] {
  return (variants ? VARIANTS : PEERS).flatMap((peer) => {
    const program = realProgram(peer.program);
    if (program !== undefined) return [shipper(peer, program)];
    console.log(`skipped: ${peer.name}, its program is not at hand`);
    return [];
  });
}

function shipper(peer: Peer, program: string): Shipper {
  const text = readFileSync(new URL(`peers/${peer.config}`, import.meta.url), 'utf8');
  return {
    name: peer.name,
    command: ({ log, pattern = log, url, encoding, folder }) => {
      const values: Record<string, string> = {
        TETRAGON_LOG: log,
        TETRAGON_LOGS: pattern,
        PARSEABLE_URL: url,
        RECEIVER_PORT: new URL(url).port,
        STATE_DIR: join(folder, 'state'),
        COMPRESSION: encoding,
      };
      mkdirSync(join(folder, 'state'), { recursive: true });
      const config = join(folder, peer.config);
      // Fluent Bit knows no name for "not at all": there the line goes.
      const lines = text.split('\n').filter((line) => encoding !== 'none' || !/^\s+compress: \$/.test(line));
      writeFileSync(
        config,
        lines.join('\n').replace(/\$\{(\w+)\}/g, (whole, name) => values[name] ?? whole),
      );
      return { program, args: ['--quiet', '-c', config], env: {} };
    },
  };
}
