/**
 * What a program becomes: a straight list of steps over bytes. `plan/` makes steps, `wasm/` turns them into machine code, and
 * `call_list.ts` runs the same steps one by one. A step knows addresses, extents, strides and dtypes; no values, no graph.
 *
 *     Program ─ simplify ─ fuse ─ memory ─► StepPlan { steps, constants, offsets } ─► Kernels.emit ─► (base) => status
 *
 * A run has a workspace at `base`:
 *     base                   int32[inputs]   address of each input (the arguments)
 *     base + reportOffset    float64[3]      position, value, limit of a failed check
 *     …                      rooms for inputs, temporaries and outputs, each at a multiple of 64
 * Constants are not of a run: they lie at fixed addresses, as variables do.
 *
 * The bits of a result depend on the step alone: not on addresses, on threads, or on the steps around it.
 */
import type { DTypeName } from "../core/dtype.ts";
import type { NumberArray } from "../core/nd_array.ts";
import type {
  BinaryFunction,
  ConvolutionGeometry,
  Distribution,
  ReduceFunction,
  Site,
  UnaryFunction,
  WindowGeometry,
} from "./primitive.ts";

/** Where the first byte lies: at base + offset, at (int32 at base + 4 * index) + offset, or at a fixed address (a variable, a constant). */
export type Place =
  | { readonly at: "workspace"; readonly offset: number }
  | { readonly at: "argument"; readonly index: number; readonly offset: number }
  | { readonly at: "memory"; readonly address: number };

/**
 * Elements of a loop: element (i0, i1, …) of the iteration space lies strides · i elements after the place. 0 repeats (broadcast),
 * negative strides run backwards (the place is then the first element visited, not the lowest address).
 */
export interface View {
  readonly place: Place;
  readonly dtype: DTypeName;
  /** In elements, one for each extent of the loop. */
  readonly strides: readonly number[];
}

/**
 * One value inside a loop's body; x, y and condition are indices of earlier nodes. `dtype` is that of the result. Each node is rounded
 * (float16, bfloat16) or wrapped (small integers) to its dtype before the next one reads it. bool is 0 or 1.
 */
export type Node =
  /** The loop's `loads[load]` at the current element. */
  | { readonly kind: "load"; readonly load: number; readonly dtype: DTypeName }
  /** bigint for int64 and uint64, number otherwise; never complex (those are loaded). */
  | { readonly kind: "constant"; readonly value: number | bigint; readonly dtype: DTypeName }
  /** start + strides · i, converted to the dtype. */
  | { readonly kind: "index"; readonly start: number; readonly strides: readonly number[]; readonly dtype: DTypeName }
  /** Only in the epilogue of a matmul or convolution: the element of its product. */
  | { readonly kind: "product"; readonly dtype: DTypeName }
  | { readonly kind: "unary"; readonly fn: UnaryFunction; readonly x: number; readonly dtype: DTypeName }
  | {
      readonly kind: "binary";
      readonly fn: BinaryFunction;
      readonly x: number;
      readonly y: number;
      /** Integer div, mod, floorDiv, floorMod by zero and integer pow with a negative exponent end the run here; -1: give 0. */
      readonly site: Site;
      readonly dtype: DTypeName;
    }
  | {
      readonly kind: "select";
      readonly condition: number;
      readonly x: number;
      readonly y: number;
      readonly dtype: DTypeName;
    }
  | { readonly kind: "cast"; readonly x: number; readonly dtype: DTypeName };

export interface Store {
  readonly node: number;
  readonly view: View;
}

export interface Reduction {
  readonly fn: ReduceFunction;
  readonly node: number;
  /** Strides of reduced extents are 0. */
  readonly view: View;
}

/** A body over an iteration space. */
export interface Body {
  /** Outermost first; neighbours that every view crosses alike are merged already, ones are gone. Empty: a single element. */
  readonly extents: readonly number[];
  readonly loads: readonly View[];
  /** In order: a node reads only nodes before it. Every node is used. */
  readonly nodes: readonly Node[];
  readonly stores: readonly Store[];
}

/**
 * Every elementwise chain, copy, transpose, slice, fill, iota and reduction.
 *     for i in extents: nodes; store; accumulate
 * Without reductions `reduced` is all false. With them, extents with `reduced` true are summed over, and all reductions of the loop share
 * them; they may be innermost (row sums), outermost (column sums) or anywhere. Stores inside such a loop go over the whole space.
 * A store may overwrite a load of equal place and strides (updates in place); otherwise stores and loads never overlap.
 * A loop of one load and one store (a copy) or one constant and one store (a fill) may have any dtype: only bytes move.
 * An extent of 0 makes no elements; reductions over it give the function's neutral element (0, 1, -inf or lowest, inf or highest, false, true).
 * float16 and bfloat16 sums and products accumulate in float32.
 */
export interface LoopStep extends Body {
  readonly kind: "loop";
  readonly reduced: readonly boolean[];
  readonly reductions: readonly Reduction[];
}

/** Workspace that a step's kernel may work in: `Kernels.roomBytes` from this offset on. Without one the kernel has memory of its own. */
export type Room = number;

/**
 * c[i] = a[i] b[i] for i < batch, with a: [m, k] (or [k, m] when transposeA) of row length `lda` elements, and so on; matrices of one
 * batch lie `strideA` elements apart (0: the same one for all). c is dense in its rows: ldc = n. k = 0 gives zeros.
 * `epilogue`: afterwards the body runs over [batch * m * n] elements in c's order; its node `product` is the element of c. Its first store
 * is at c's place (same view), so a kernel may write the product there first; no load overlaps c. Without one, c holds the product.
 * `scratch`: nothing reads c after the step; that first store (of the product itself) may be left out. Other stores may then overwrite loads
 * of equal place and strides (a variable that is updated in the epilogue), so a kernel that does without c loads before it stores.
 */
export interface MatmulStep {
  readonly kind: "matmul";
  readonly dtype: DTypeName;
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly a: Place;
  readonly b: Place;
  readonly c: Place;
  readonly lda: number;
  readonly ldb: number;
  readonly strideA: number;
  readonly strideB: number;
  readonly strideC: number;
  readonly epilogue: Body | null;
  readonly scratch: boolean;
  readonly room?: Room;
  /** b stays as it is from run to run: the address where it waits packed, behind an int32 that is 1 as long as it holds (`Kernels.keptBytes`). */
  readonly kept?: number;
}

/** Operands and result dense, in the layout of `ConvolutionGeometry`; x and y are the primitive's inputs in order. */
export interface ConvolutionStep {
  readonly kind: "convolution";
  readonly fn: "forward" | "inputGradient" | "filterGradient";
  readonly dtype: DTypeName;
  readonly geometry: ConvolutionGeometry;
  readonly x: Place;
  readonly y: Place;
  readonly out: Place;
  /** As for a matmul, over all elements of `out`. */
  readonly epilogue: Body | null;
  readonly scratch: boolean;
  readonly room?: Room;
}

export interface WindowStep {
  readonly kind: "window";
  readonly fn: "max" | "average";
  readonly dtype: DTypeName;
  readonly geometry: WindowGeometry;
  readonly x: Place;
  readonly out: Place;
}

/** max: `x` and `y` are the forward input and output; average: both null. */
export interface WindowGradientStep {
  readonly kind: "windowGradient";
  readonly fn: "max" | "average";
  readonly dtype: DTypeName;
  readonly geometry: WindowGeometry;
  readonly x: Place | null;
  readonly y: Place | null;
  readonly dy: Place;
  readonly out: Place;
}

/**
 * params [batch, outer, limit, inner], indices [batch, count], out [batch, outer, count, inner]; only bytes of size `sizeBytes` move.
 * An index outside [0, limit) ends the run at the site with (position in indices, index, limit); site -1: zeros.
 * Row r = (batch * outer + o) * count + i of out starts r * outStride elements after `out` (outStride >= inner).
 */
export interface GatherStep {
  readonly kind: "gather";
  readonly sizeBytes: 1 | 2 | 4 | 8 | 16;
  readonly batch: number;
  readonly outer: number;
  readonly limit: number;
  readonly inner: number;
  readonly count: number;
  readonly outStride: number;
  readonly indexDtype: "int32" | "int64";
  readonly params: Place;
  readonly indices: Place;
  readonly out: Place;
  readonly site: Site;
}

/** target [rows, inner] is changed in place, in the order of indices [count]; updates [count, inner], or one element for all when `scalar`. */
export interface ScatterStep {
  readonly kind: "scatter";
  readonly fn: "update" | "add" | "sub" | "mul" | "div" | "max" | "min";
  readonly dtype: DTypeName;
  readonly rows: number;
  readonly inner: number;
  readonly count: number;
  readonly scalar: boolean;
  readonly indexDtype: "int32" | "int64";
  readonly target: Place;
  readonly indices: Place;
  readonly updates: Place;
  readonly site: Site;
}

/** out [size] = x [shape] from begin [rank] on; begin[d] < 0 or begin[d] + size[d] > shape[d] ends the run with (d, begin[d], shape[d]). */
export interface DynamicSliceStep {
  readonly kind: "dynamicSlice";
  readonly sizeBytes: 1 | 2 | 4 | 8 | 16;
  readonly shape: readonly number[];
  readonly size: readonly number[];
  readonly indexDtype: "int32" | "int64";
  readonly x: Place;
  readonly begin: Place;
  readonly out: Place;
  readonly site: Site;
}

/** x [outer, n, inner] -> out [outer, inner], the first position of the extreme value. A NaN is never extreme; only NaN gives 0. */
export interface ArgReduceStep {
  readonly kind: "argReduce";
  readonly fn: "max" | "min";
  readonly dtype: DTypeName;
  readonly outDtype: "int32" | "int64";
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
  readonly x: Place;
  readonly out: Place;
}

/** x [rows, n] -> out int32 [rows, n]: indices that sort each row stably, NaN last. */
export interface OrderStep {
  readonly kind: "order";
  readonly dtype: DTypeName;
  readonly descending: boolean;
  readonly rows: number;
  readonly n: number;
  readonly x: Place;
  readonly out: Place;
}

/** x [n] -> out int32 [n]: for each element the position of the first one that equals it. */
export interface FirstEqualStep {
  readonly kind: "firstEqual";
  readonly dtype: "int32" | "int64";
  readonly n: number;
  readonly x: Place;
  readonly out: Place;
}

/** x [outer, n, inner] -> out of the same shape: running sums or products along n, strictly one after the other. */
export interface ScanStep {
  readonly kind: "scan";
  readonly fn: "sum" | "prod";
  readonly dtype: DTypeName;
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
  readonly x: Place;
  readonly out: Place;
}

/**
 * Fills `out` with `count` elements and moves the state on (core/philox.ts has the algorithm). `state` is 32 bytes: uint32 key[2],
 * counter[4], unused[2]. Null: stateless, from the two numbers of `seed` (int32 or int64), or its three (uint64: key, counter). `min` and `max` (scalars of `dtype`) only for integers.
 */
export interface RandomStep {
  readonly kind: "random";
  readonly distribution: Distribution;
  readonly dtype: DTypeName;
  readonly count: number;
  readonly state: Place | null;
  readonly seed: Place | null;
  readonly seedDtype: "int32" | "int64" | "uint64";
  readonly min: Place | null;
  readonly max: Place | null;
  readonly out: Place;
}

/** condition: bool [count]. The first 0 ends the run with (position, 0, 0). */
export interface CheckStep {
  readonly kind: "check";
  readonly count: number;
  readonly condition: Place;
  readonly site: Site;
}

export type Step =
  | LoopStep
  | MatmulStep
  | ConvolutionStep
  | WindowStep
  | WindowGradientStep
  | GatherStep
  | ScatterStep
  | DynamicSliceStep
  | ArgReduceStep
  | OrderStep
  | FirstEqualStep
  | ScanStep
  | RandomStep
  | CheckStep;

export type StepKind = Step["kind"];

/** A share of a step's time, by estimate, that is for one origin of its values. */
export interface Share {
  readonly origin: number;
  readonly work: number;
}

export interface StepPlan {
  readonly steps: readonly Step[];
  /** For whom each step works. */
  readonly shares: readonly (readonly Share[])[];
  /** Addresses of the constants that are read from memory. */
  readonly constants: ReadonlyMap<NumberArray, number>;
  readonly workspaceBytes: number;
  /** Of those, what values between steps and results take. */
  readonly bufferBytes: number;
  readonly reportOffset: number;
  /** What is kept of lasting inputs: blocks of memory, which begin with an int32 that is set to 0 when the inputs change. */
  readonly kept: readonly number[];
  /** -1: no room; -2: nothing reads it. */
  readonly inputOffsets: readonly number[];
  readonly outputs: readonly {
    readonly dtype: DTypeName;
    readonly shape: readonly number[];
    readonly offset: number;
  }[];
  /** Values that a site's error names. */
  readonly details: ReadonlyMap<Site, readonly StoredArray[]>;
}

export interface StoredArray {
  readonly place: Place;
  readonly dtype: DTypeName;
  readonly shape: readonly number[];
}

/** Runs something at `base`. 0: done; otherwise 1 + the site that failed, its numbers in the report. Later steps did not run. */
export interface Run {
  (base: number): number;
  /** Gives back what native libraries made for it; it is not called again. */
  readonly release?: () => void;
}

/** A piece of a shared step; thread 0 is the caller's. */
export interface PieceTime {
  readonly thread: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** What wasm/ gives: machine code for steps. */
export interface Kernels {
  /** Whether `emit` makes code for this step; the others run in the reference. */
  supports(step: Step): boolean;
  /** How much memory the step's kernel works in, packed operands and the like. The places of the step do not matter. */
  roomBytes(step: Step): number;
  /** How much memory a product takes that keeps its right matrix packed. */
  keptBytes(step: MatmulStep): number;
  /**
   * One function that runs the steps in order. A step that is not supported is a call of `fallback(index, base)`, with the same results.
   * `reportOffset`: where checks leave their numbers.
   */
  emit(steps: readonly Step[], reportOffset: number, fallback: (index: number, base: number) => number): Run;
  /** Runs something; the times of the pieces that threads shared, in milliseconds as `performance.now()` counts them. */
  timed(run: () => void): readonly PieceTime[];
  /** One line for `tsflow explain`: the kernel chosen, sizes, dtype. */
  describe(step: Step): string;
  /** The name of the native library that takes large steps over; null: none has so far. */
  nativeLibrary(): string | null;
  /** Looks for that library at once. */
  lookForNative(): void;
}
