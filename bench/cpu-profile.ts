/**
 * Reads what `node --cpu-prof` writes: the main thread's samples, each given to the stage of the agent that the
 * nearest caller belongs to. The time before the kernel's first call is the start's.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const STAGES = [
  'start',
  'notifications of the log',
  'read',
  'kernel',
  'pack',
  'feeder and batches',
  'encode by zlib',
  'send',
  'alerts',
  'collector',
  'event loop and system calls',
  'rest',
] as const;
export type Stage = (typeof STAGES)[number];

export interface Profile {
  /** Share of the main thread's busy time by stage; together 1. */
  readonly stages: ReadonlyMap<Stage, number>;
  /** After the start: share by function, largest first. */
  readonly functions: readonly { readonly name: string; readonly share: number }[];
}

interface Node {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

export interface RawProfile {
  readonly nodes: readonly Node[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** Where code lives, and whose it is; the first that fits counts. */
const HOMES: readonly (readonly [RegExp, Stage])[] = [
  [/^wasm:/, 'kernel'],
  [/\/agent\/delivery\/encode|^node:(internal\/)?zlib/, 'encode by zlib'],
  [/\/chokidar\/|^node:internal\/fs\/watchers/, 'notifications of the log'],
  [/\/agent\/intake\//, 'read'],
  [/\/agent\/(kernel\/|feeder)/, 'feeder and batches'],
  [/\/agent\/alerts\//, 'alerts'],
  [
    /\/agent\/(delivery\/|http-)|\/undici\/|^node:(internal\/deps\/undici|net|_?http|internal\/stream_base)/,
    'send',
  ],
];
const PACKER = /\/agent\/kernel\/(packer|zstd-codes)/;
const OWN: Readonly<Record<string, Stage | 'idle'>> = {
  '(idle)': 'idle',
  '(garbage collector)': 'collector',
  '(program)': 'event loop and system calls',
  '(root)': 'event loop and system calls',
};

/** The one profile in this folder. */
export function readProfile(folder: string): RawProfile {
  const name = readdirSync(folder).find((file) => file.endsWith('.cpuprofile'));
  if (name === undefined) throw new Error(`no profile was written to ${folder}`);
  return JSON.parse(readFileSync(join(folder, name), 'utf8'));
}

export function summarizeProfile({ nodes, samples, timeDeltas }: RawProfile): Profile {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map<number, Node>();
  for (const node of nodes) for (const child of node.children ?? []) parents.set(child, node);
  const stageOf = (node: Node): Stage | 'idle' => {
    const own = OWN[node.callFrame.functionName];
    if (own !== undefined) return own;
    if (isPacking(node)) return 'pack';
    for (let at: Node | undefined = node; at !== undefined; at = parents.get(at.id)) {
      const { url } = at.callFrame;
      const home = HOMES.find(([pattern]) => pattern.test(url));
      if (home !== undefined) return home[1];
    }
    return 'rest';
  };
  /** The kernel's own code, when the packer has called it, and the packer's. */
  const isPacking = (node: Node): boolean => {
    for (let at: Node | undefined = node; at !== undefined; at = parents.get(at.id)) {
      if (PACKER.test(at.callFrame.url)) return true;
      // Between the two stands what V8 calls one with from the other, without an address.
      if (!/^(wasm:|$)/.test(at.callFrame.url) && at !== node) return false;
    }
    return false;
  };
  const known = new Map([...byId].map(([id, node]) => [id, stageOf(node)]));
  const stages = new Map<Stage, number>(STAGES.map((stage) => [stage, 0]));
  const functions = new Map<string, number>();
  let busy = 0;
  let started = false;
  for (const [i, sample] of samples.entries()) {
    const stage = known.get(sample) ?? 'rest';
    const node = byId.get(sample);
    if (stage === 'idle' || node === undefined) continue;
    const took = timeDeltas[i] ?? 0;
    started ||= stage === 'kernel';
    busy += took;
    const counted = started ? stage : 'start';
    stages.set(counted, (stages.get(counted) ?? 0) + took);
    if (!started) continue;
    const name = describe(node, parents.get(node.id));
    functions.set(name, (functions.get(name) ?? 0) + took);
  }
  for (const [stage, took] of stages) stages.set(stage, took / busy);
  const list = [...functions].map(([name, took]) => ({ name, share: took / busy }));
  return { stages, functions: list.sort((a, b) => b.share - a.share) };
}

/** Function and file; of a native function its caller. */
function describe({ callFrame: { functionName, url } }: Node, parent: Node | undefined): string {
  const file = (text: string): string => text.replace(/^.*\/(dist|node_modules)\//, '').replace(/\.js$/, '');
  if (url.startsWith('wasm:')) return `${functionName} (kernel)`;
  if (url !== '') return `${functionName || 'anonymous'} (${file(url)})`;
  const caller = parent?.callFrame;
  if (functionName.startsWith('(') || caller === undefined || caller.url === '') return functionName;
  return `${functionName || 'native code'}, called by ${caller.functionName} (${file(caller.url)})`;
}
