/**
 * The functions of oneDNN's C interface that are used, versions 2.6 to 3.x behind one face. Version 2 fills in operation descriptors
 * of known size, version 3 has functions with all arguments and descriptors that are handles.
 * Source: dnnl.h and dnnl_types.h of oneDNN 2.6 and 3.2.
 */
import { InternalError } from "../../../core/error.ts";
import {
  type Arena,
  type CType,
  createArena,
  type ForeignFunction,
  type Koffi,
  optional,
  type SharedObject,
} from "../foreign.ts";

/** Bytes of dnnl_memory_desc_t in version 2. */
const descBytes = 704;
/** More than any operation descriptor of version 2 has: a convolution's holds seven memory descriptors. */
const operationBytes = 8192;
const arenaBytes = 65536;

const float32 = 3;
const anyTag = 1;
const forwardTraining = 64;
const direct = 1;
export const weightsMd = 131;
export const diffWeightsMd = 132;
/** dnnl_memory_create allocates by itself. */
const allocates = 2n ** 64n - 1n;
const implementationInfo = 8;
const longestName = 63;

export const argument = { src: 1, dst: 17, weights: 33, diffSrc: 129, diffDst: 145, diffWeights: 161 } as const;

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** Version numbers of a loaded library. Throws when it is no oneDNN. */
export function versionOf(library: SharedObject, koffi: Koffi): Version {
  const at = library.func("dnnl_version", "uintptr_t", [])() as number | bigint;
  const out = createArena(koffi, 64);
  library.func("memmove", "uintptr_t", ["uintptr_t", "uintptr_t", "size_t"])(out.take(12), at, 12);
  const [major, minor, patch] = [0, 4, 8].map((offset) => out.view.getInt32(offset, true)) as [number, number, number];
  return { major, minor, patch };
}

/** Dimensions and strides of a tensor, in elements; strides null: the layout that the operation likes best. */
export interface Layout {
  readonly dims: readonly number[];
  readonly strides: readonly number[] | null;
}

export interface ConvolutionSpec {
  readonly kind: "forward" | "inputGradient" | "filterGradient";
  readonly src: Layout;
  readonly weights: Layout;
  readonly dst: Layout;
  readonly strides: readonly number[];
  readonly dilates: readonly number[];
  readonly padBefore: readonly number[];
  readonly padAfter: readonly number[];
}

/** A primitive with the memory objects of its arguments, in the order of `ids`. */
export interface Primitive {
  readonly handle: number;
  readonly args: number;
  readonly memories: readonly number[];
  readonly keep: Arena;
}

export interface Dnnl {
  readonly sgemm: ForeignFunction;
  readonly setThreads: ForeignFunction | null;
  /** Runs `body`; the descriptors that it makes end with it. */
  within<T>(body: () => T): T;
  describe(layout: Layout): number;
  /** Descriptors of primitives; throw InternalError when the library has none. */
  convolution(spec: ConvolutionSpec): number;
  matmul(a: Layout, b: Layout, c: Layout): number;
  reorder(from: number, to: number): number;
  /** A descriptor inside a primitive's descriptor. */
  query(pd: number, what: number): number;
  isEqual(a: number, b: number): boolean;
  /** The name of the code that a primitive would run: `jit:avx2`, `gemm:jit`, `ref:any`. */
  implementation(pd: number): string;
  /** A memory object; its data are elsewhere unless it `owns` them. */
  memory(md: number, owns?: boolean): number;
  setData(memory: number, address: number): void;
  primitive(pd: number, args: readonly (readonly [id: number, memory: number])[]): Primitive;
  execute(primitive: Primitive): void;
  destroyDesc(pd: number): void;
  destroyMemory(memory: number): void;
  destroyPrimitive(primitive: Primitive): void;
}

const P = "uintptr_t" as const;
const pointers = (n: number): CType[] => new Array<CType>(n).fill(P);

/** Binds the functions. Throws when one is missing. */
export function bindDnnl(library: SharedObject, koffi: Koffi, { major }: Version): Dnnl {
  const arena = createArena(koffi, arenaBytes);
  const bind = (name: string, args: readonly CType[], result: CType = "int") =>
    library.func(`dnnl_${name}`, result, args);
  const check = (status: number, what: string): void => {
    if (status !== 0) throw new InternalError(`oneDNN: dnnl_${what} returned status ${status}`);
  };
  const made = (what: string, call: (out: number) => number): number => {
    const { status, value } = arena.pointer(call);
    check(status, what);
    return value;
  };

  const engineCreate = bind("engine_create", [P, "int", "size_t"]);
  const streamCreate = bind("stream_create", [P, P, "unsigned int"]);
  const streamWait = bind("stream_wait", [P]);
  const memoryCreate = bind("memory_create", pointers(4));
  const setHandle = bind("memory_set_data_handle", pointers(2));
  const memoryDestroy = bind("memory_destroy", [P]);
  const primitiveCreate = bind("primitive_create", pointers(2));
  const primitiveDestroy = bind("primitive_destroy", [P]);
  const descDestroy = bind("primitive_desc_destroy", [P]);
  const queryMd = bind("primitive_desc_query_md", [P, "int", "int"], P);
  const equal = bind("memory_desc_equal", pointers(2));
  const queryAny = bind("primitive_desc_query", [P, "int", "int", P]);
  const copyText = library.func("strncpy", P, [P, P, "size_t"]);
  const reorderCreate = bind("reorder_primitive_desc_create", pointers(6));
  const execute = bind("primitive_execute", [P, P, "int", P]);
  const sgemmTypes = [
    "char",
    "char",
    "int64_t",
    "int64_t",
    "int64_t",
    "float",
    P,
    "int64_t",
    P,
    "int64_t",
    "float",
    P,
    "int64_t",
  ];
  const sgemm = bind("sgemm", sgemmTypes as CType[]);
  const setThreads = optional(library, "omp_set_num_threads", "void", ["int"]);
  const versioned = major === 2 ? bindTwo() : bindThree();

  const engine = made("engine_create", (out) => engineCreate(out, 1, 0));
  const stream = made("stream_create", (out) => streamCreate(out, engine, 1));
  arena.reset();
  let depth = 0;
  const passing: number[] = [];

  interface Versioned {
    describe(layout: Layout): number;
    convolution(spec: ConvolutionSpec): number;
    matmul(a: number, b: number, c: number): number;
    destroyMd(md: number): void;
  }

  const numbers = (spec: ConvolutionSpec): number[] =>
    [spec.strides, spec.dilates, spec.padBefore, spec.padAfter].map((list) => arena.longs(list));

  function bindTwo(): Versioned {
    const byTag = bind("memory_desc_init_by_tag", [P, "int", P, "int", "int"]);
    const byStrides = bind("memory_desc_init_by_strides", [P, "int", P, "int", P]);
    const forward = bind("dilated_convolution_forward_desc_init", [P, "int", "int", ...pointers(8)]);
    const backwardData = bind("dilated_convolution_backward_data_desc_init", [P, "int", ...pointers(7)]);
    const backwardWeights = bind("dilated_convolution_backward_weights_desc_init", [P, "int", ...pointers(8)]);
    const matmulInit = bind("matmul_desc_init", pointers(5));
    const create = bind("primitive_desc_create", pointers(5));
    const describe = ({ dims, strides }: Layout): number => {
      const md = arena.take(descBytes);
      const list = arena.longs(dims);
      const status = strides
        ? byStrides(md, dims.length, list, float32, arena.longs(strides))
        : byTag(md, dims.length, list, float32, anyTag);
      check(status, "memory_desc_init");
      return md;
    };
    const descriptor = (operation: number, hint: number): number =>
      made("primitive_desc_create", (out) => create(out, operation, 0, engine, hint));
    return {
      describe,
      destroyMd() {},
      matmul(a, b, c) {
        const operation = arena.take(operationBytes);
        check(matmulInit(operation, a, b, 0, c), "matmul_desc_init");
        return descriptor(operation, 0);
      },
      convolution(spec) {
        const [src, weights, dst] = [spec.src, spec.weights, spec.dst].map(describe);
        const tail = numbers(spec);
        const operation = arena.take(operationBytes);
        check(
          forward(operation, forwardTraining, direct, src, weights, 0, dst, ...tail),
          "convolution_forward_desc_init",
        );
        const hint = descriptor(operation, 0);
        if (spec.kind === "forward") return hint;
        try {
          const back = arena.take(operationBytes);
          if (spec.kind === "inputGradient")
            check(backwardData(back, direct, src, weights, dst, ...tail), "convolution_backward_data_desc_init");
          else
            check(
              backwardWeights(back, direct, src, weights, 0, dst, ...tail),
              "convolution_backward_weights_desc_init",
            );
          return descriptor(back, hint);
        } finally {
          descDestroy(hint);
        }
      },
    };
  }

  function bindThree(): Versioned {
    const byTag = bind("memory_desc_create_with_tag", [P, "int", P, "int", "int"]);
    const byStrides = bind("memory_desc_create_with_strides", [P, "int", P, "int", P]);
    const destroyMd = bind("memory_desc_destroy", [P]);
    const forward = bind("convolution_forward_primitive_desc_create", [P, P, "int", "int", ...pointers(9)]);
    const backwardData = bind("convolution_backward_data_primitive_desc_create", [P, P, "int", ...pointers(9)]);
    const backwardWeights = bind("convolution_backward_weights_primitive_desc_create", [P, P, "int", ...pointers(10)]);
    const matmulCreate = bind("matmul_primitive_desc_create", pointers(7));
    const describe = ({ dims, strides }: Layout): number => {
      const list = arena.longs(dims);
      const md = made("memory_desc_create", (out) =>
        strides
          ? byStrides(out, dims.length, list, float32, arena.longs(strides))
          : byTag(out, dims.length, list, float32, anyTag),
      );
      passing.push(md);
      return md;
    };
    return {
      describe,
      destroyMd,
      matmul: (a, b, c) => made("matmul_primitive_desc_create", (out) => matmulCreate(out, engine, a, b, 0, c, 0)),
      convolution(spec) {
        const [src, weights, dst] = [spec.src, spec.weights, spec.dst].map(describe);
        const tail = numbers(spec);
        const hint = made("convolution_forward_primitive_desc_create", (out) =>
          forward(out, engine, forwardTraining, direct, src, weights, 0, dst, ...tail, 0),
        );
        if (spec.kind === "forward") return hint;
        try {
          return spec.kind === "inputGradient"
            ? made("convolution_backward_data_primitive_desc_create", (out) =>
                backwardData(out, engine, direct, src, weights, dst, ...tail, hint, 0),
              )
            : made("convolution_backward_weights_primitive_desc_create", (out) =>
                backwardWeights(out, engine, direct, src, weights, 0, dst, ...tail, hint, 0),
              );
        } finally {
          descDestroy(hint);
        }
      },
    };
  }

  return {
    sgemm,
    setThreads,
    within(body) {
      depth++;
      try {
        return body();
      } finally {
        depth--;
        if (depth === 0) {
          for (const md of passing.splice(0)) versioned.destroyMd(md);
          arena.reset();
        }
      }
    },
    describe: versioned.describe,
    convolution: versioned.convolution,
    matmul: (a, b, c) => versioned.matmul(versioned.describe(a), versioned.describe(b), versioned.describe(c)),
    reorder: (from, to) =>
      made("reorder_primitive_desc_create", (out) => reorderCreate(out, from, engine, to, engine, 0)),
    query: (pd, what) => Number(queryMd(pd, what, 0)),
    implementation(pd) {
      const text = made("primitive_desc_query", (out) => queryAny(pd, implementationInfo, 0, out));
      const at = arena.take(longestName + 1);
      copyText(at, text, longestName);
      const bytes = new Uint8Array(arena.buffer, at - arena.address, longestName + 1);
      return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
    },
    isEqual: (a, b) => equal(a, b) !== 0,
    memory: (md, owns = false) => made("memory_create", (out) => memoryCreate(out, md, engine, owns ? allocates : 0)),
    setData(memory, address) {
      check(setHandle(memory, address), "memory_set_data_handle");
    },
    primitive(pd, args) {
      const handle = made("primitive_create", (out) => primitiveCreate(out, pd));
      const keep = createArena(koffi, 16 * args.length);
      args.forEach(([id, memory], i) => {
        keep.view.setInt32(16 * i, id, true);
        keep.view.setBigUint64(16 * i + 8, BigInt(memory), true);
      });
      return { handle, args: keep.address, memories: args.map(([, memory]) => memory), keep };
    },
    execute({ handle, args, memories }) {
      check(execute(handle, stream, memories.length, args), "primitive_execute");
      check(streamWait(stream), "stream_wait");
    },
    destroyDesc: (pd) => void descDestroy(pd),
    destroyMemory: (memory) => void memoryDestroy(memory),
    destroyPrimitive: ({ handle }) => void primitiveDestroy(handle),
  };
}
