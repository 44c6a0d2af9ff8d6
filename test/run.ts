/**
 * `make test`: builds, checks and tests everything, and ends with the line `N passed, N failed`. Each build and
 * check counts as one test, so that nothing that is wrong can end in a green line.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { whyNoCluster } from './cluster/kit.ts';
import { type Failure, REPORT_VARIABLE, type Report } from './report.ts';
import { OUTPUT_VARIABLE, searchSecret } from './suite-secret.ts';

const root = new URL('..', import.meta.url);

/** Two also on two cores: the longest tests wait more than they compute. */
const WORKERS = Math.max(2, availableParallelism() - 1);

const REPORTER = fileURLToPath(new URL('report.ts', import.meta.url));

/** More is no accident. */
const MAX_REPEATED_FILES = 5;

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

function runVitest(program: string, ...args: string[]): Report {
  const folder = mkdtempSync(join(tmpdir(), 'tetraship-tests-'));
  const file = join(folder, 'report.json');
  const test = [program, ...args].join(' ');
  process.env[REPORT_VARIABLE] = file;
  try {
    const good = succeeds(program, ...args, '--reporter=default', `--reporter=${REPORTER}`);
    const report: Report = JSON.parse(readFileSync(file, 'utf8'));
    if (good || report.failures.length > 0) return report;
    return { ...report, failures: [{ file: '', test, message: 'failed, though no test did' }] };
  } catch (error) {
    const message = `cannot read its report: ${String(error)}`;
    return { passed: 0, skipped: 0, failures: [{ file: '', test, message }] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const failures: Failure[] = [];
const unsteadyTests: Failure[] = [];

function count({ passed, skipped, failures: failed }: Report): Count {
  failures.push(...failed);
  return { passed, skipped, failed: failed.length };
}

/**
 * Files of which a test failed run again, alone. What fails then is wrong; what passes then depends on what else the
 * machine does, and is named at the end.
 */
function unitTests(workers: number, ...args: string[]): Count {
  const first = runVitest('vitest', 'run', `--maxWorkers=${workers}`, ...args);
  const files = [...new Set(first.failures.map(({ file }) => file))];
  if (files.length === 0 || files.includes('') || files.length > MAX_REPEATED_FILES) return count(first);
  process.stdout.write(`\nfailed, and now run again alone: ${files.join(' ')}\n`);
  const again = runVitest('vitest', 'run', '--maxWorkers=1', ...args, ...files);
  const stillFail = new Set(again.failures.map(({ file, test }) => `${file} ${test}`));
  const unsteady = first.failures.filter(({ file, test }) => !stillFail.has(`${file} ${test}`));
  unsteadyTests.push(...unsteady);
  const passed = first.passed + unsteady.length;
  return count({ passed, skipped: first.skipped, failures: again.failures });
}

function print(title: string, list: readonly Failure[]): void {
  if (list.length === 0) return;
  process.stdout.write(`\n${title}\n`);
  for (const { file, test, message } of list)
    process.stdout.write(`  ${relative(fileURLToPath(root), file)} > ${test}: ${message}\n`);
}

/** On a real Kubernetes, where there can be one. */
function clusterTests(): Count {
  const why = whyNoCluster();
  if (why === undefined) return count(runVitest('node', 'test/cluster/run.ts'));
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
  unitTests(WORKERS, '--testTimeout=60000', '--hookTimeout=60000'),
  one(succeeds('node', 'deploy/build.ts')),
  noSecretsIn(written),
  clusterTests(),
];
const sum = (key: keyof Count): number => counts.reduce((total, count) => total + count[key], 0);
if (sum('skipped') > 0) process.stdout.write(`\n${sum('skipped')} skipped, each with its reason above\n`);
print('passed only when run again alone:', unsteadyTests);
print('failed:', failures);
process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed\n`);
process.exitCode = sum('failed') === 0 ? 0 : 1;
