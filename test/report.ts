/** Vitest's reporter of `make test`: counts, and each failure in a line, as JSON in the file of REPORT_VARIABLE. */

import { writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

/** Environment variable that names the file to write. */
export const REPORT_VARIABLE = 'TEST_REPORT';

export interface Failure {
  /** Absolute path; empty for an error of no file. */
  readonly file: string;
  readonly test: string;
  readonly message: string;
}

export interface Report {
  readonly passed: number;
  readonly skipped: number;
  readonly failures: readonly Failure[];
}

function messageOf(errors: readonly { readonly message: string }[] = []): string {
  return stripVTControlCharacters(errors[0]?.message ?? '').split('\n')[0] ?? '';
}

/** An error that no test caught: a promise or an event of a file whose tests may all have passed. */
function unhandled(error: SerializedError): Failure {
  const file: unknown = error['VITEST_TEST_PATH'];
  const test: unknown = error['VITEST_TEST_NAME'];
  const during = typeof test === 'string' ? `during ${test}` : 'outside of all tests';
  return { file: typeof file === 'string' ? file : '', test: during, message: messageOf([error]) };
}

function failuresOf(module: TestModule): Failure[] {
  const file = module.moduleId;
  const failed = [...module.children.allTests('failed')].map((test) => {
    const { errors } = test.result();
    return { file, test: test.fullName, message: messageOf(errors) };
  });
  // Errors of the file or of its hooks, without which no test of it may have run.
  const suites = [module, ...module.children.allSuites()].filter((suite) => suite.errors().length > 0);
  return [
    ...failed,
    ...suites.map((suite) => ({ file, test: 'the file itself', message: messageOf(suite.errors()) })),
  ];
}

export default class ReportWriter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const file = process.env[REPORT_VARIABLE];
    if (file === undefined) throw new Error(`${REPORT_VARIABLE} must name the file to write`);
    const amount = (state: 'passed' | 'skipped'): number =>
      modules.reduce((sum, { children }) => sum + [...children.allTests(state)].length, 0);
    const failures = [...modules.flatMap(failuresOf), ...errors.map(unhandled)];
    const report: Report = { passed: amount('passed'), skipped: amount('skipped'), failures };
    writeFileSync(file, JSON.stringify(report));
  }
}
