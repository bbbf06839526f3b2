/** Tables that give unknown keys numbers of their own, by a hash of the key. Source: tensorflow/python/ops/lookup_ops.py. */
import { type DType, int64, string } from "../../core/dtype.ts";
import { TypeError, ValueError } from "../../core/error.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convertToTensor } from "../../ops/convert.ts";
import {
  add,
  asString,
  cast,
  noOp,
  notEqual,
  stringToHashBucket,
  stringToHashBucketFast,
  stringToHashBucketStrong,
  whereV2,
} from "../../ops/index.ts";
import type { TableInitializer } from "./initializers.ts";
import { HashTable } from "./static_table.ts";
import {
  type DefaultingTable,
  type Found,
  inFormOf,
  inScope,
  type Keys,
  keyTensor,
  type LookupTable,
  lastPart,
  type Named,
} from "./table.ts";

/** How unknown keys are hashed. */
export interface HasherSpec {
  readonly hasher: "fasthash" | "legacy" | "stronghash";
  readonly key: readonly number[] | null;
}

export const FastHashSpec: HasherSpec = { hasher: "fasthash", key: null };

/** A hash with a key of two numbers. Throws ValueError or TypeError for another key. */
export class StrongHashSpec implements HasherSpec {
  readonly hasher = "stronghash";
  readonly key: readonly number[];

  constructor(key: readonly number[]) {
    if (key.length !== 2) throw new ValueError(`\`key\` must have size 2, received ${key.length}`);
    if (!key.every(Number.isInteger)) {
      throw new TypeError(`Invalid key [${key.join(", ")}]. Must be unsigned integer values.`);
    }
    this.key = key;
  }
}

function hashed(keys: Tensor, buckets: number, { hasher, key }: HasherSpec): Tensor {
  const texts = keys.dtype.baseDtype === string ? keys : asString(keys);
  const options = { name: "hash_bucket" };
  if (hasher === "fasthash") return stringToHashBucketFast(texts, buckets, options);
  if (hasher === "legacy") return stringToHashBucket(texts, buckets, options);
  if (hasher === "stronghash") return stringToHashBucketStrong(texts, buckets, key!, options);
  throw new ValueError(`Found unknown hasher ${String(hasher)} in \`hasher_spec\``);
}

const mayBeKey = (dtype: DType): boolean => dtype === int64 || dtype === string;
const kindOf = (dtype: DType): string => (dtype.isInteger ? "integer" : "non-integer");

/** What both kinds have in common: a table of known keys (or none), and buckets for the others. */
class BucketedTable implements LookupTable {
  readonly keyDtype: DType;
  readonly valueDtype = int64;
  readonly name: string;
  protected readonly table: DefaultingTable | null;
  readonly #buckets: number;
  readonly #hasher: HasherSpec;

  constructor(parts: {
    table: DefaultingTable | null;
    buckets: number;
    hasher: HasherSpec;
    keyDtype: DType;
    name: string;
  }) {
    if (!parts.keyDtype.isInteger && parts.keyDtype !== string) {
      throw new TypeError(`Invalid \`key_dtype\`, expected integer or string, got ${parts.keyDtype}.`);
    }
    this.keyDtype = parts.keyDtype;
    this.table = parts.table;
    this.#buckets = parts.buckets;
    this.#hasher = parts.hasher;
    this.name = lastPart(parts.name.replace(/\/+$/, ""));
  }

  get resourceHandle(): Tensor | null {
    return this.table?.resourceHandle ?? null;
  }

  get initializer(): Operation {
    return this.table?.initializer ?? getDefaultGraph().nameScope("init", () => noOp());
  }

  get init(): Operation {
    return this.initializer;
  }

  /** Known keys and buckets together, int64. */
  size(options: Named = {}): Tensor {
    return inScope(options.name, `${this.name}_Size`, () => {
      const known = this.table ? this.table.size() : convertToTensor(0, { dtype: int64 });
      return known.add(this.#buckets);
    });
  }

  /** The number of each key, int64: known ones as the table says, others behind them by their hash. */
  lookup<K extends Keys>(keys: K, options: Named = {}): Found<K> {
    const { table } = this;
    const given = keyTensor(keys, this.keyDtype);
    const values = table?.keyDtype === int64 && given.dtype !== int64 ? cast(given, int64) : given;
    if (this.#buckets === 0) return inFormOf(keys, table!.lookup(values, options) as Tensor);
    const ids = inScope(options.name, `${this.name}_Lookup`, () => {
      const buckets = hashed(values, this.#buckets, this.#hasher);
      if (!table) return buckets;
      const known = table.lookup(values) as Tensor;
      const others = add(buckets, table.size());
      return whereV2(notEqual(known, table.defaultValue), known, others);
    });
    return inFormOf(keys, ids);
  }
}

export interface IdTableOptions extends Named {
  readonly hasherSpec?: HasherSpec | undefined;
  readonly keyDtype?: DType | undefined;
}

/** A table of ids with buckets for unknown keys; without a table all keys are hashed. */
export class IdTableWithHashBuckets extends BucketedTable {
  constructor(table: DefaultingTable | null, numOovBuckets: number, options: IdTableOptions = {}) {
    const keyDtype = options.keyDtype ?? table?.keyDtype ?? string;
    if (table) {
      if (!mayBeKey(table.keyDtype)) {
        throw new TypeError(`Invalid \`key_dtype\`, expected one of (${int64}, ${string}), received ${keyDtype}.`);
      }
      if (table.keyDtype.isInteger !== keyDtype.isInteger) {
        throw new TypeError(`Invalid \`key dtype\`, expected ${kindOf(keyDtype)} but got ${table.keyDtype}.`);
      }
      if (table.valueDtype !== int64) {
        throw new TypeError(`Invalid \`value_dtype\`: expected int64 but got ${table.valueDtype}.`);
      }
    } else if (numOovBuckets <= 0) throw new ValueError("`oov_buckets` must be > 0 if no `table` is supplied.");
    super({
      table,
      buckets: numOovBuckets,
      hasher: options.hasherSpec ?? FastHashSpec,
      keyDtype,
      name: options.name || (table?.name ?? "hash_bucket"),
    });
  }
}

export interface VocabularyOptions extends Named {
  readonly lookupKeyDtype?: DType | undefined;
  readonly experimentalIsAnonymous?: boolean | undefined;
}

/** Numbers of words: those of the initializer, and numOovBuckets for words that it does not know. */
export class StaticVocabularyTable extends BucketedTable {
  constructor(initializer: TableInitializer | null, numOovBuckets: number, options: VocabularyOptions = {}) {
    if (numOovBuckets <= 0) throw new ValueError("`num_oov_buckets` must be > 0; use StaticHashTable.");
    const keyDtype = initializer ? (options.lookupKeyDtype ?? initializer.keyDtype) : string;
    if (initializer) {
      const { keyDtype: own, valueDtype } = initializer;
      if (!mayBeKey(own)) {
        throw new TypeError(`Invalid \`key_dtype\`, expected one of (${int64}, ${string}), but got ${own}.`);
      }
      if (own.isInteger !== keyDtype.isInteger) {
        throw new TypeError(`Invalid \`key_dtype\`, expected ${kindOf(keyDtype)} but got ${own}.`);
      }
      if (valueDtype !== int64)
        throw new TypeError(`Invalid \`value_dtype\`, expected ${int64} but got ${valueDtype}.`);
    }
    const { experimentalIsAnonymous } = options;
    const table = initializer ? new HashTable(initializer, -1, { experimentalIsAnonymous }) : null;
    super({
      table,
      buckets: numOovBuckets,
      hasher: FastHashSpec,
      keyDtype,
      name: options.name || (table?.name ?? "hash_bucket"),
    });
  }
}
