/** `StagingArea` and `MapStagingArea`: tuples put in by one step and taken out by another. Source: data_flow_ops.py */
import type { DType } from "../../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../../core/error.ts";
import type { Shape } from "../../../../core/shape.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Operation } from "../../../../graph/operation.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../convert.ts";
import { identity, noOp } from "../../../index.ts";
import {
  mapClearOp,
  mapIncompleteSizeOp,
  mapPeekOp,
  mapSizeOp,
  mapStageOp,
  mapUnstageNoKeyOp,
  mapUnstageOp,
  orderedMapClearOp,
  orderedMapIncompleteSizeOp,
  orderedMapPeekOp,
  orderedMapSizeOp,
  orderedMapStageOp,
  orderedMapUnstageNoKeyOp,
  orderedMapUnstageOp,
} from "../map_stage.ts";
import { stageClearOp, stageOp, stagePeekOp, stageSizeOp, unstageOp } from "../stage.ts";
import { assertCompatible, type Named } from "./base.ts";

export interface StagingOptions {
  readonly shapes?: readonly Shape[] | undefined;
  /** Names of the components: tuples are records then. */
  readonly names?: readonly string[] | undefined;
  /** Areas of one shared name are one area. */
  readonly sharedName?: string | undefined;
  /** How many tuples; 0 for any number. */
  readonly capacity?: number | undefined;
  /** How many bytes; 0 for any number. */
  readonly memoryLimit?: number | undefined;
}

type Components = TensorLike | readonly TensorLike[] | { readonly [name: string]: TensorLike };

/** Tensors in a list, or in a record where the components have names. */
type Staged = readonly Tensor[] | { readonly [name: string]: Tensor };

const isRecord = (values: unknown): values is { readonly [name: string]: TensorLike } =>
  typeof values === "object" && values !== null && Object.getPrototypeOf(values) === Object.prototype;

class StagingAreaBase {
  readonly name: string;
  readonly dtypes: readonly DType[];
  readonly shapes: readonly Shape[];
  readonly names: readonly string[] | null;
  readonly capacity: number;
  readonly memoryLimit: number;
  readonly #root: Operation;

  constructor(className: string, dtypes: readonly DType[], options: StagingOptions) {
    const { shapes, names, sharedName, capacity = 0, memoryLimit = 0 } = options;
    this.name = sharedName ?? getDefaultGraph().uniqueName(className);
    if (shapes && shapes.length !== dtypes.length) {
      throw new ValueError("StagingArea shapes must be the same length as dtypes");
    }
    if (names && names.length !== dtypes.length) {
      throw new ValueError("StagingArea names must be the same length as dtypes");
    }
    this.dtypes = dtypes;
    this.shapes = shapes ?? dtypes.map(() => null);
    this.names = names ?? null;
    this.capacity = capacity;
    this.memoryLimit = memoryLimit;
    this.#root = getDefaultGraph().nameScope(`${this.name}_root`, () => noOp());
  }

  protected attrs() {
    const { capacity, memoryLimit, name } = this;
    return { shared_name: name, capacity, memory_limit: memoryLimit };
  }

  /** Nodes of an area are placed together. */
  protected placed<R>(make: () => R): R {
    return getDefaultGraph().colocateWith(this.#root, make);
  }

  /** Tensors and the components that they are. Throws ValueError for what the area does not hold. */
  protected components(values: Components, given?: readonly number[]): { tensors: Tensor[]; indices: number[] } {
    let [list, indices] = [values as readonly TensorLike[], given ? [...given] : undefined];
    if (isRecord(values)) {
      const { names } = this;
      if (!names) throw new ValueError("Staging areas must have names to enqueue a dictionary");
      const keys = Object.keys(values);
      if (!keys.every((key) => names.includes(key))) {
        const shown = (words: readonly string[]): string =>
          `[${[...words]
            .sort()
            .map((word) => `'${word}'`)
            .join(", ")}]`;
        throw new ValueError(
          `Keys in dictionary to put do not match names of staging area. Dictionary: ${shown(keys)}Queue: ${shown(names)}`,
        );
      }
      indices = names.flatMap((name, i) => (name in values ? [i] : []));
      list = indices.map((i) => values[names[i]!]!);
    } else if (this.names) throw new ValueError("You must enqueue a dictionary in a staging area with names");
    if (!indices) throw new ValueError("Indices must be supplied when inserting a list of tensors");
    if (indices.length !== list.length) {
      throw new ValueError(`Number of indices ${indices.length} doesn't match number of values ${list.length}`);
    }
    if (list.length > this.dtypes.length) {
      throw new ValueError(`Unexpected number of inputs ${list.length} vs ${this.dtypes.length}`);
    }
    const tensors = list.map((value, k) => {
      const i = indices[k]!;
      const tensor = convertToTensor(value, { dtype: this.dtypes[i], name: `component_${i}` });
      assertCompatible(tensor.shape, this.shapes[i]!);
      return tensor;
    });
    return { tensors, indices };
  }

  /** What a node gave, on the device of whoever asks, with the shapes that are known. */
  protected given(tensors: readonly Tensor[], indices: readonly number[]): Staged {
    const moved = this.moved(tensors);
    for (const [k, tensor] of moved.entries()) tensor.setShape(this.shapes[indices[k]!]!);
    const { names } = this;
    return names ? Object.fromEntries(indices.map((i, k) => [names[i]!, moved[k]!])) : moved;
  }

  protected moved(tensors: readonly Tensor[]): readonly Tensor[] {
    return noOp().device === this.#root.device ? tensors : tensors.map((tensor) => identity(tensor));
  }
}

/** Tuples leave in the order in which they came. */
export class StagingArea extends StagingAreaBase {
  constructor(dtypes: readonly DType[], options: StagingOptions = {}) {
    super("StagingArea", dtypes, options);
  }

  /** Puts a tuple in; waits for room. */
  put(values: Components, options: Named = {}): Operation {
    return getDefaultGraph().nameScope(options.name || `${this.name}_put`, (scope) => {
      const list = isRecord(values) || Array.isArray(values) ? values : [values as TensorLike];
      const places = Array.isArray(list) ? list.map((_, i) => i) : undefined;
      const { tensors } = this.components(list, places);
      return this.placed(() => stageOp({ values: tensors, ...this.attrs() }, scope));
    });
  }

  #all(tensors: readonly Tensor[]): Staged {
    return this.given(
      tensors,
      this.dtypes.map((_, i) => i),
    );
  }

  /** Takes a tuple out; waits for one. */
  get(options: Named = {}): Staged {
    const name = options.name ?? `${this.name}_get`;
    return this.#all(this.placed(() => unstageOp({ dtypes: this.dtypes, ...this.attrs() }, name)));
  }

  /** The tuple at a place, which stays; waits until it is there. */
  peek(index: TensorLike, options: Named = {}): Staged {
    const name = options.name ?? `${this.name}_peek`;
    return this.#all(this.placed(() => stagePeekOp({ index, dtypes: this.dtypes, ...this.attrs() }, name)));
  }

  size(options: Named = {}): Tensor {
    return stageSizeOp({ dtypes: this.dtypes, ...this.attrs() }, options.name ?? `${this.name}_size`);
  }

  clear(options: Named = {}): Operation {
    return stageClearOp({ dtypes: this.dtypes, ...this.attrs() }, options.name ?? `${this.name}_clear`);
  }
}

const unordered = {
  put: mapStageOp,
  pop: mapUnstageOp,
  popAny: mapUnstageNoKeyOp,
  peek: mapPeekOp,
  size: mapSizeOp,
  incompleteSize: mapIncompleteSizeOp,
  clear: mapClearOp,
};
const ordered: typeof unordered = {
  put: orderedMapStageOp,
  pop: orderedMapUnstageOp,
  popAny: orderedMapUnstageNoKeyOp,
  peek: orderedMapPeekOp,
  size: orderedMapSizeOp,
  incompleteSize: orderedMapIncompleteSizeOp,
  clear: orderedMapClearOp,
} as never;

type Indices = readonly number[] | readonly string[];

interface IndexOptions extends Named {
  /** Which components, by number or name; all by default. */
  readonly indices?: Indices | undefined;
}

/** Tuples by an int64 key; components may come and go one by one. */
export class MapStagingArea extends StagingAreaBase {
  readonly #ops: typeof unordered;

  constructor(dtypes: readonly DType[], options: StagingOptions & { readonly ordered?: boolean } = {}) {
    super("MapStagingArea", dtypes, options);
    this.#ops = options.ordered ? ordered : unordered;
  }

  #attrs() {
    return { dtypes: this.dtypes, ...this.attrs() };
  }

  /** Puts components of the key's tuple in; waits for room. */
  put(key: TensorLike, values: Components, options: Named & { readonly indices?: readonly number[] } = {}): Operation {
    return getDefaultGraph().nameScope(options.name || `${this.name}_put`, (scope) => {
      const { tensors, indices } = this.components(values, options.indices);
      return this.placed(() => this.#ops.put({ key, indices, values: tensors, ...this.#attrs() }, scope));
    });
  }

  #chosen(indices: Indices | undefined): { indices: number[]; dtypes: DType[] } {
    const list = indices ?? this.dtypes.map((_, i) => i);
    if (list.length === 0) throw new ValueError("Empty indices");
    const numbers = list.map((index) => {
      if (typeof index === "number") return index;
      if (!this.names) {
        throw new ValueError(
          `String indices provided ${list.map((word) => `'${word}'`)}, but this Staging Area was not created with names.`,
        );
      }
      const at = this.names.indexOf(index);
      if (at < 0) throw new ValueError(`Named index not in Staging Area names ${this.names}`);
      return at;
    });
    if (new Set(list.map((index) => typeof index)).size > 1) {
      throw new TypeError(`Mixed types in indices ${list}. May only be str or int`);
    }
    return { indices: numbers, dtypes: numbers.map((i) => this.dtypes[i]!) };
  }

  /** Components of the key's tuple, which stay; waits until they are there. */
  peek(key: TensorLike, options: IndexOptions = {}): Staged {
    const { indices, dtypes } = this.#chosen(options.indices);
    const name = options.name ?? `${this.name}_pop`;
    const tensors = this.placed(() => this.#ops.peek({ key, indices, ...this.#attrs(), dtypes }, name));
    return this.given(tensors, indices);
  }

  /** Takes components out, of the key's tuple or, without a key, of any; with the key. */
  get(key?: TensorLike | null, options: IndexOptions = {}): readonly [TensorLike, Staged] {
    const { indices, dtypes } = this.#chosen(options.indices);
    if (key !== undefined && key !== null) {
      const name = options.name ?? `${this.name}_get`;
      const tensors = this.placed(() => this.#ops.pop({ key, indices, ...this.#attrs(), dtypes }, name));
      return [key, this.given(tensors, indices)];
    }
    const name = options.name ?? `${this.name}_get_nokey`;
    const made = this.placed(() => this.#ops.popAny({ indices, ...this.#attrs(), dtypes }, name));
    const [own] = this.moved([made.key]);
    return [own!, this.given(made.values, indices)];
  }

  size(options: Named = {}): Tensor {
    return this.#ops.size(this.#attrs(), options.name ?? `${this.name}_size`);
  }

  incompleteSize(options: Named = {}): Tensor {
    return this.#ops.incompleteSize(this.#attrs(), options.name ?? `${this.name}_incomplete_size`);
  }

  clear(options: Named = {}): Operation {
    return this.#ops.clear(this.#attrs(), options.name ?? `${this.name}_clear`);
  }
}
