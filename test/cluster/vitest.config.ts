import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The walkthrough installs what the others need, so the files run by their names. */
class ByName extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => (a.moduleId < b.moduleId ? -1 : 1));
  }
}

export default defineConfig({
  test: {
    include: ['test/cluster/*.cluster.ts'],
    // One cluster, one node: what one file does to the DaemonSet the next must not see half done.
    fileParallelism: false,
    sequence: { sequencer: ByName },
    // A busy machine is slow, not wrong.
    testTimeout: 240_000,
    // Where the walkthrough fails, most of what follows only waits.
    bail: 4,
  },
});
