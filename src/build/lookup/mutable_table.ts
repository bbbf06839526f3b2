/** Tables that change while the graph runs; checkpoints keep them. Source: tensorflow/python/ops/lookup_ops.py. */
import type { DType } from "../../core/dtype.ts";
import { TypeError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../ops/convert.ts";
import {
  anonymousMutableDenseHashTableOp,
  anonymousMutableHashTableOfTensorsOp,
  anonymousMutableHashTableOp,
  lookupTableExportV2Op,
  lookupTableFindV2Op,
  lookupTableImportV2Op,
  lookupTableInsertV2Op,
  lookupTableRemoveV2Op,
  lookupTableSizeV2Op,
  mutableDenseHashTableV2Op,
  mutableHashTableOfTensorsV2Op,
  mutableHashTableV2Op,
} from "../../ops/index.ts";
import { GraphKeys } from "../collections.ts";
import { SaveableObject } from "../saveable.ts";
import { inScope, lastPart, type Named } from "./table.ts";

export interface MutableTableOptions extends Named {
  /** Savers keep the table, under its name; true by default. */
  readonly checkpoint?: boolean | undefined;
  readonly experimentalIsAnonymous?: boolean | undefined;
}

/** What both kinds do; they differ in their nodes. */
class ChangingTable {
  readonly keyDtype: DType;
  readonly valueDtype: DType;
  readonly resourceHandle: Tensor;
  readonly defaultValue: Tensor;

  constructor(parts: { keyDtype: DType; valueDtype: DType; defaultValue: Tensor; handle: Tensor }) {
    this.keyDtype = parts.keyDtype;
    this.valueDtype = parts.valueDtype;
    this.defaultValue = parts.defaultValue;
    this.resourceHandle = parts.handle;
  }

  get name(): string {
    return lastPart(this.resourceHandle.op.name);
  }

  #scoped<R>(options: Named, suffix: string, body: () => R): R {
    return inScope(options.name, `${this.name}_${suffix}`, body);
  }

  #beside<R>(body: () => R): R {
    return getDefaultGraph().colocateWith(this.resourceHandle, body);
  }

  size(options: Named = {}): Tensor {
    return this.#scoped(options, "Size", () =>
      this.#beside(() => lookupTableSizeV2Op({ table_handle: this.resourceHandle })),
    );
  }

  /** The values of the keys; unknown ones have the default value, or those of `dynamicDefaultValues`. */
  lookup(keys: TensorLike, options: Named & { readonly dynamicDefaultValues?: TensorLike | undefined } = {}): Tensor {
    return this.#scoped(options, "lookup_table_find", () => {
      const tensor = convertToTensor(keys, { dtype: this.keyDtype, name: "keys" });
      const default_value = options.dynamicDefaultValues ?? this.defaultValue;
      return this.#beside(() =>
        lookupTableFindV2Op({ table_handle: this.resourceHandle, keys: tensor, default_value, Tout: this.valueDtype }),
      );
    });
  }

  /** Adds keys with their values, or changes the values of known ones. */
  insert(keys: TensorLike, values: TensorLike, options: Named = {}): Operation {
    return this.#scoped(options, "lookup_table_insert", () => {
      const [k, v] = [
        convertToTensor(keys, { dtype: this.keyDtype, name: "keys" }),
        convertToTensor(values, { dtype: this.valueDtype, name: "values" }),
      ];
      return this.#beside(() => lookupTableInsertV2Op({ table_handle: this.resourceHandle, keys: k, values: v }));
    });
  }

  /** Forgets keys; unknown ones are no error. Throws TypeError for keys of another dtype. */
  remove(keys: TensorLike, options: Named = {}): Operation {
    const tensor = isSymbolic(keys) ? convertToTensor(keys) : convertToTensor(keys, { dtype: this.keyDtype });
    if (tensor.dtype.baseDtype !== this.keyDtype) throw this.wrongKeys(tensor.dtype);
    return this.#scoped(options, "lookup_table_remove", () =>
      lookupTableRemoveV2Op({ table_handle: this.resourceHandle, keys: tensor }),
    );
  }

  protected wrongKeys(got: DType): TypeError {
    return new TypeError(`Dtype of argument \`keys\` must be ${this.keyDtype}, received: ${got}`);
  }

  /** All keys and values. */
  export(options: Named = {}): readonly [Tensor, Tensor] {
    return this.#scoped(options, "lookup_table_export_values", () =>
      this.#beside(() => {
        const attrs = { Tkeys: this.keyDtype, Tvalues: this.valueDtype };
        const { keys, values } = lookupTableExportV2Op({ table_handle: this.resourceHandle, ...attrs });
        return [keys, values] as const;
      }),
    );
  }

  /** Puts the table where Savers find it, as `NAME-keys` and `NAME-values`. */
  protected keep(name: string): void {
    const [keys, values] = this.export();
    const specs = [
      { tensor: keys, name: `${name}-keys` },
      { tensor: values, name: `${name}-values` },
    ];
    const restore = ([restoredKeys, restoredValues]: readonly Tensor[]): Operation =>
      getDefaultGraph().nameScope(`${name}_table_restore`, () =>
        this.#beside(() =>
          lookupTableImportV2Op({ table_handle: this.resourceHandle, keys: restoredKeys!, values: restoredValues! }),
        ),
      );
    getDefaultGraph().addToCollection(GraphKeys.SAVEABLE_OBJECTS, new SaveableObject(name, specs, restore));
  }
}

/** Keys are scalars, values scalars or vectors as the default value is. */
export class MutableHashTable extends ChangingTable {
  constructor(keyDtype: DType, valueDtype: DType, defaultValue: TensorLike, options: MutableTableOptions = {}) {
    const { name = "MutableHashTable", checkpoint = true, experimentalIsAnonymous = false } = options;
    const value = convertToTensor(defaultValue, { dtype: valueDtype });
    const types = { key_dtype: keyDtype, value_dtype: valueDtype };
    const isScalar = value.shape?.length === 0;
    const shaped = { ...types, value_shape: value.shape };
    const sharing = { use_node_name_sharing: checkpoint };
    const handle = experimentalIsAnonymous
      ? isScalar
        ? anonymousMutableHashTableOp(types, name)
        : anonymousMutableHashTableOfTensorsOp(shaped, name)
      : isScalar
        ? mutableHashTableV2Op({ ...types, ...sharing }, name)
        : mutableHashTableOfTensorsV2Op({ ...shaped, ...sharing }, name);
    super({ keyDtype, valueDtype, defaultValue: value, handle });
    if (checkpoint) this.keep(name);
  }
}

export interface DenseTableOptions extends MutableTableOptions {
  readonly initialNumBuckets?: number | null | undefined;
}

/** Keys and values may be tensors; two keys, the empty and the deleted one, cannot be used. */
export class DenseHashTable extends ChangingTable {
  constructor(
    keyDtype: DType,
    valueDtype: DType,
    defaultValue: TensorLike,
    emptyKey: TensorLike,
    deletedKey: TensorLike,
    options: DenseTableOptions = {},
  ) {
    const { name = "MutableDenseHashTable", checkpoint = true, initialNumBuckets } = options;
    const value = convertToTensor(defaultValue, { dtype: valueDtype, name: "default_value" });
    const inputs = {
      empty_key: convertToTensor(emptyKey, { dtype: keyDtype, name: "empty_key" }),
      deleted_key: convertToTensor(deletedKey, { dtype: keyDtype, name: "deleted_key" }),
      value_dtype: valueDtype,
      value_shape: value.shape,
      ...(initialNumBuckets ? { initial_num_buckets: initialNumBuckets } : {}),
    };
    const handle = options.experimentalIsAnonymous
      ? anonymousMutableDenseHashTableOp(inputs, name)
      : mutableDenseHashTableV2Op({ ...inputs, use_node_name_sharing: checkpoint }, name);
    super({ keyDtype, valueDtype, defaultValue: value, handle });
    if (checkpoint) this.keep(name);
  }

  /** As `insert`. */
  insertOrAssign(keys: TensorLike, values: TensorLike, options: Named = {}): Operation {
    return this.insert(keys, values, options);
  }

  /** As `remove`. */
  erase(keys: TensorLike, options: Named = {}): Operation {
    return this.remove(keys, options);
  }

  protected override wrongKeys(got: DType): TypeError {
    return new TypeError(`Signature mismatch. Keys must be dtype ${this.keyDtype}, got ${got}.`);
  }
}

/** As `tf.contrib.lookup` calls it. */
export const MutableDenseHashTable = DenseHashTable;
