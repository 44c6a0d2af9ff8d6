/**
 * `make test`: builds, checks and tests everything, and ends with the line `N passed, N failed`. Each build and
 * check counts as one test, so that nothing that is wrong can end in a green line.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { whyNoCluster } from './cluster/kit.ts';
import { OUTPUT_VARIABLE, searchSecret } from './suite-secret.ts';

const root = new URL('..', import.meta.url);

/** Two also on two cores: the longest tests wait more than they compute. */
const WORKERS = Math.max(2, availableParallelism() - 1);

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** One program of node_modules/.bin, its output shown as it comes. */
function succeeds(program: string, ...args: string[]): boolean {
  process.stdout.write(`\n== ${program} ${args.join(' ')}\n`);
  const bin = new URL('node_modules/.bin/', root).pathname;
  const { PATH = '', ...rest } = process.env;
  const env = { ...rest, PATH: `${bin}:${PATH}` };
  const { status, error } = spawnSync(join(bin, program), args, { cwd: root, env, stdio: 'inherit' });
  if (error !== undefined) process.stdout.write(`cannot run ${program}: ${error.message}\n`);
  return status === 0;
}

const one = (good: boolean): Count => ({ passed: good ? 1 : 0, failed: good ? 0 : 1, skipped: 0 });

function numberAt(report: unknown, key: string): number {
  const value: unknown = typeof report === 'object' && report !== null ? Reflect.get(report, key) : undefined;
  return typeof value === 'number' ? value : 0;
}

/** Suites that failed without a failed test in them: their file did not even load. */
function brokenFiles(report: unknown): number {
  const files: unknown =
    typeof report === 'object' && report !== null ? Reflect.get(report, 'testResults') : [];
  if (!Array.isArray(files)) return 0;
  return files.filter((file: { status?: unknown; assertionResults?: { status?: unknown }[] }) => {
    const broken = file.assertionResults?.some(({ status }) => status === 'failed') !== true;
    return file.status === 'failed' && broken;
  }).length;
}

/** Vitest's own numbers; a run that failed for another reason than a test (a file that does not load) counts once. */
function vitest(program: string, ...args: string[]): Count {
  const folder = mkdtempSync(join(tmpdir(), 'tetraship-tests-'));
  const file = join(folder, 'report.json');
  try {
    const good = succeeds(program, ...args, '--reporter=json', `--outputFile.json=${file}`);
    const report: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const failed = numberAt(report, 'numFailedTests') + brokenFiles(report);
    return {
      passed: numberAt(report, 'numPassedTests'),
      failed: good ? failed : Math.max(1, failed),
      skipped: numberAt(report, 'numPendingTests') + numberAt(report, 'numTodoTests'),
    };
  } catch (error) {
    process.stdout.write(`cannot read the report of the tests: ${String(error)}\n`);
    return one(false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** On a real Kubernetes, where there can be one. */
function clusterTests(): Count {
  const why = whyNoCluster();
  if (why === undefined) return vitest('node', 'test/cluster/run.ts');
  process.stdout.write(`\nskipped: the cluster test ${why}\n`);
  return { passed: 0, failed: 0, skipped: 1 };
}

/** The password of all agents of the tests, looked for in everything that they wrote. */
function noSecretsIn(folder: string): Count {
  const { bytes, found } = searchSecret(folder);
  process.stdout.write(`\n${found.length} lines with a secret in ${bytes} bytes that agents wrote\n`);
  for (const line of found.slice(0, 10)) process.stdout.write(`  ${JSON.stringify(line)}\n`);
  rmSync(folder, { recursive: true, force: true });
  return one(found.length === 0 && bytes > 0);
}

const written = mkdtempSync(join(tmpdir(), 'tetraship-written-'));
process.env[OUTPUT_VARIABLE] = written;
const counts = [
  one(succeeds('node', 'agent/kernel/build.ts')),
  one(succeeds('node', 'rules/build.ts')),
  one(succeeds('tsc', '-p', 'tsconfig.json')),
  one(succeeds('biome', 'check')),
  // A busy machine is slow, not wrong: what hangs is found all the same, only later.
  vitest(
    'vitest',
    'run',
    '--testTimeout=60000',
    '--hookTimeout=60000',
    `--maxWorkers=${WORKERS}`,
    '--reporter=default',
  ),
  one(succeeds('node', 'deploy/build.ts')),
  noSecretsIn(written),
  clusterTests(),
];
const sum = (key: keyof Count): number => counts.reduce((total, count) => total + count[key], 0);
if (sum('skipped') > 0) process.stdout.write(`\n${sum('skipped')} skipped, each with its reason above\n`);
process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed\n`);
process.exitCode = sum('failed') === 0 ? 0 : 1;
