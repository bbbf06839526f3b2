/** Tables that are filled once, by an initializer. Source: tensorflow/python/ops/lookup_ops.py. */
import { randomUUID } from "node:crypto";
import type { DType } from "../../core/dtype.ts";
import { mergeShapes, type Shape } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../ops/convert.ts";
import { anonymousHashTableOp, hashTableV2Op, lookupTableExportV2Op } from "../../ops/index.ts";
import type { TableInitializer } from "./initializers.ts";
import {
  type DefaultingTable,
  type Found,
  findIn,
  inFormOf,
  inScope,
  type Keys,
  keyTensor,
  lastPart,
  type Named,
  sizeOf,
} from "./table.ts";

export interface StaticTableOptions extends Named {
  /** A table without a shared name. */
  readonly experimentalIsAnonymous?: boolean | undefined;
}

/**
 * From keys to values, both scalars; unknown keys give `defaultValue`. Run `tf.tablesInitializer()` (or its `initializer`) first.
 * Throws ValueError or TypeError for a default value of another dtype.
 */
export class StaticHashTable implements DefaultingTable {
  readonly keyDtype: DType;
  readonly valueDtype: DType;
  readonly resourceHandle: Tensor;
  readonly defaultValue: Tensor;
  readonly initializer: Operation;

  constructor(initializer: TableInitializer, defaultValue: TensorLike, options: StaticTableOptions = {}) {
    const graph = getDefaultGraph();
    this.keyDtype = initializer.keyDtype.baseDtype;
    this.valueDtype = initializer.valueDtype.baseDtype;
    this.defaultValue = convertToTensor(defaultValue, { dtype: this.valueDtype });
    mergeShapes(this.defaultValue.shape, []);
    const attrs = { key_dtype: this.keyDtype, value_dtype: this.valueDtype };
    const name = options.name || "hash_table";
    this.resourceHandle = graph.initScope(() =>
      options.experimentalIsAnonymous
        ? anonymousHashTableOp(attrs, name)
        : // A name of its own: two programs of one cluster have tables of their own.
          hashTableV2Op({ ...attrs, shared_name: initializer.sharedName || `hash_table_${randomUUID()}` }, name),
    );
    const fill = (): Operation => initializer.initialize(this);
    this.initializer = graph.controlFlowContext ? graph.initScope(fill) : fill();
  }

  get name(): string {
    return lastPart(this.resourceHandle.op.name);
  }

  size(options: Named = {}): Tensor {
    return sizeOf(this, options);
  }

  /** Values in the shape of the keys. Throws TypeError for keys of another dtype. */
  lookup<K extends Keys>(keys: K, options: Named = {}): Found<K> {
    return inFormOf(keys, findIn(this, keyTensor(keys, this.keyDtype), options));
  }

  /** All keys and values, in no particular order. */
  export(options: Named = {}): readonly [Tensor, Tensor] {
    const made = inScope(options.name, `${this.name}_Export`, () =>
      lookupTableExportV2Op({
        table_handle: this.resourceHandle,
        Tkeys: this.keyDtype,
        Tvalues: this.valueDtype,
      }),
    );
    made.values.setShape(joined(made.keys.shape, this.defaultValue.shape));
    return [made.keys, made.values];
  }
}

const joined = (a: Shape, b: Shape): Shape => (a === null || b === null ? null : [...a, ...b]);

/** As `tf.contrib.lookup.HashTable`: its initializer is also called `init`. */
export class HashTable extends StaticHashTable {
  get init(): Operation {
    return this.initializer;
  }
}
