/**
 * The shortest way through a plan that is one compiled segment, from what is fed to what is fetched: for runs whose feeds have the dtypes
 * and shapes of the run before. Anything else, and every error in a feed, is left to the long way, which tells it in full.
 */
import { type DType, float32 } from "../../../core/dtype.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { type FullShape, sameShape } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { SessionState } from "../../state.ts";
import { copyIn, copyOutAt, memoryOf } from "../values.ts";
import type { Specialisation } from "./specialisation.ts";

interface QuickFeed {
  /** Of the executable. */
  readonly input: number;
  readonly dtype: DType;
  readonly shape: FullShape;
  /** Of its room in a workspace. */
  readonly offset: number;
  /** A float32 without dimensions: plain numbers do. */
  readonly isScalar: boolean;
}

interface QuickFetch {
  /** Of the executable. */
  readonly output: number;
  readonly dtype: DType;
  readonly shape: FullShape;
}

export class QuickRun {
  readonly #spec: Specialisation;
  readonly #state: SessionState;
  readonly #feeds: readonly QuickFeed[];
  readonly #fetches: readonly QuickFetch[];
  readonly #memory: ReturnType<typeof memoryOf>;

  constructor(
    spec: Specialisation,
    state: SessionState,
    ends: { readonly feeds: readonly QuickFeed[]; readonly fetches: readonly QuickFetch[] },
  ) {
    this.#spec = spec;
    this.#state = state;
    this.#feeds = ends.feeds;
    this.#fetches = ends.fetches;
    this.#memory = memoryOf(state.engine);
  }

  /** Runs with what is fed, in order, and gives copies of the fetches; null where the run must go the long way, before anything has happened. */
  run(values: readonly unknown[]): NdArray[] | null {
    const spec = this.#spec;
    const state = this.#state;
    const feeds = this.#feeds;
    const waiting = spec.free;
    if (waiting.length === 0 || spec.layoutVersion !== state.layoutVersion || values.length !== feeds.length)
      return null;
    const { base, sources } = waiting[waiting.length - 1]!;
    const { engine } = state;
    const { floats } = this.#memory.of(engine);
    for (let i = 0; i < feeds.length; i++) {
      const value = values[i];
      const { input, dtype, shape, offset, isScalar } = feeds[i]!;
      const room = base + offset;
      if (sources[input] !== room) return null;
      if (typeof value === "number" && isScalar) floats[room >> 2] = value;
      else if (value instanceof NdArray && value.dtype === dtype && sameShape(value.shape, shape)) {
        copyIn(engine, value, room);
      } else return null;
    }
    const { executable } = spec;
    executable.run(base);
    const fetches = this.#fetches;
    const results = new Array<NdArray>(fetches.length);
    for (let i = 0; i < results.length; i++) {
      const { output, dtype, shape } = fetches[i]!;
      results[i] = copyOutAt(engine, dtype, shape, executable.outputAddress(base, output));
    }
    return results;
  }
}

/** The quick run of a specialisation, or null where the feeds are not all that goes in, or the fetches not all computed. */
export function quickRun(
  spec: Specialisation,
  ends: {
    readonly feeds: readonly Tensor[];
    readonly inputs: readonly Tensor[];
    readonly fetchIndex: readonly number[];
  },
  state: SessionState,
): QuickRun | null {
  const { executable, engineInputs } = spec;
  const { inputs } = ends;
  const isPlain = spec.next === null && spec.given.every((fact) => fact === null);
  if (!isPlain || new Set(ends.feeds).size !== inputs.length || ends.feeds.length !== inputs.length) return null;
  const feeds = ends.feeds.map((tensor): QuickFeed | null => {
    const input = engineInputs.findIndex((i) => inputs[i] === tensor);
    if (input < 0 || isHandle(tensor.dtype)) return null;
    const shape = spec.shapes[engineInputs[input]!]!;
    const dtype = tensor.dtype.baseDtype;
    const offset = executable.inputOffsets[input]!;
    if (offset < 0) return null;
    return { input, dtype, shape, offset, isScalar: dtype === float32 && shape.length === 0 };
  });
  const fetches = ends.fetchIndex.map((index): QuickFetch | null => {
    const output = spec.outputs.findIndex((known) => known.index === index);
    if (output < 0 || isHandle(spec.outputs[output]!.dtype)) return null;
    return { output, dtype: spec.outputs[output]!.dtype, shape: executable.outputs[output]!.shape };
  });
  if (feeds.includes(null) || fetches.includes(null)) return null;
  return new QuickRun(spec, state, { feeds: feeds as QuickFeed[], fetches: fetches as QuickFetch[] });
}

const isHandle = ({ base }: DType): boolean => base === "string" || base === "resource" || base === "variant";
