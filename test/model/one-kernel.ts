/**
 * One kernel for all starts of the agent: a new one takes 74 MB of address space, which costs the garbage collector
 * more than everything else in a history. What it keeps from one start to the next is what a real one learns anew:
 * names.
 */

import { vi } from 'vitest';
import { Kernel } from '../../agent/kernel/kernel.ts';

export function useOneKernel(): void {
  const create = Kernel.create.bind(Kernel);
  let kernel: Kernel | undefined;
  vi.spyOn(Kernel, 'create').mockImplementation(async (options) => {
    kernel ??= await create(options);
    return kernel;
  });
}
