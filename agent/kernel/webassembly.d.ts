/** The part of the WebAssembly JavaScript API that the kernel uses; Node has it, its types stand in the DOM's. */
declare namespace WebAssembly {
  type Exports = Readonly<Record<string, unknown>>;

  class Memory {
    constructor(limits: { readonly initial: number; readonly maximum: number });
    readonly buffer: ArrayBuffer;
  }

  interface Instance {
    readonly exports: Exports;
  }

  function instantiate(
    module: Uint8Array<ArrayBuffer>,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ): Promise<{ readonly instance: Instance }>;
}
