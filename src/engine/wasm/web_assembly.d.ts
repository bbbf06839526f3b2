/** The parts of the WebAssembly interface that the engine uses; TypeScript has them only in its browser library. */
declare namespace WebAssembly {
  interface MemoryDescriptor {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: boolean;
  }
  class Memory {
    constructor(descriptor: MemoryDescriptor);
    /** Another object after each `grow`. */
    readonly buffer: SharedArrayBuffer;
    /** Grows by pages of 64 KiB. Throws RangeError beyond the maximum. */
    grow(pages: number): number;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Table {
    constructor(descriptor: { readonly element: "anyfunc"; readonly initial: number });
    readonly length: number;
    get(index: number): unknown;
    set(index: number, value: unknown): void;
    grow(count: number): number;
  }
  type Imports = Record<string, Record<string, unknown>>;
  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Record<string, unknown>;
  }
  function validate(bytes: Uint8Array): boolean;
}
