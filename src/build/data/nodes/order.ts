/** Methods of datasets that choose, repeat and keep elements. Source: repeat_op.py, take_op.py, shuffle_op.py, cache_op.py, … */
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../../ops/convert.ts";
import {
  cacheDatasetOp,
  concatenateDatasetOp,
  ignoreErrorsDatasetOp,
  optionsDatasetOp,
  prefetchDatasetOp,
  repeatDatasetOp,
  shardDatasetOp,
  shuffleDatasetOp,
  skipDatasetOp,
  takeDatasetOp,
  uniqueDatasetOp,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import type { Dataset } from "../dataset.ts";
import { mergeOptions, Options } from "../experimental/options.ts";
import { type Count, count, known, type ShuffleOptions, seeds, text } from "../inputs.ts";
import { attrsOf, commonSpecs } from "../structure.ts";
import { checkConcatenated } from "../words.ts";
import { made, metadataOf, type Named } from "./base.ts";
import { EachElement } from "./each.ts";

type NameRest = Rest<Named, ["name"]>;
const nameOf = (rest: readonly unknown[]): { metadata: string } => metadataOf(byName<Named>(rest, ["name"]).name);

export abstract class OrderedElements extends EachElement {
  /** The elements of this one, then those of another. Throws TypeError where these are of another form. */
  concatenate(other: Dataset, ...rest: NameRest): Dataset {
    checkConcatenated(this.elementSpec, other.elementSpec);
    const elements = commonSpecs(this.elementSpec, other.elementSpec);
    const inputs = { input_dataset: this.variantTensor, another_dataset: other.variantTensor };
    return this.derived(concatenateDatasetOp({ ...inputs, ...attrsOf(elements), ...nameOf(rest) }), elements);
  }

  /** The sequence again and again; without end when `times` is -1 or left out. */
  repeat(times?: Count | null, ...rest: NameRest): Dataset {
    return this.derived(repeatDatasetOp({ ...this.input, count: count(times ?? -1, "count"), ...nameOf(rest) }));
  }

  take(n: Count, ...rest: NameRest): Dataset {
    return this.derived(takeDatasetOp({ ...this.input, count: count(n, "count"), ...nameOf(rest) }));
  }

  skip(n: Count, ...rest: NameRest): Dataset {
    return this.derived(skipDatasetOp({ ...this.input, count: count(n, "count"), ...nameOf(rest) }));
  }

  /** Every `numShards`-th element from `index` on. Throws ValueError for impossible numbers. */
  shard(numShards: Count, index: Count, ...rest: NameRest): Dataset {
    const [shards, own] = [count(numShards, "num_shards"), count(index, "index")];
    const [n, i] = [known(shards), known(own)];
    if (n !== null && n < 1) throw new ValueError(`\`num_shards\` must be >= 1 but was ${n}`);
    if (i !== null && i < 0) throw new ValueError(`\`index\` must be >= 0 but was ${i}`);
    if (n !== null && i !== null && i >= n) throw new ValueError(`\`index\` must be < \`num_shards\` but ${i} >= ${n}`);
    return this.derived(shardDatasetOp({ ...this.input, num_shards: shards, index: own, ...nameOf(rest) }));
  }

  /** In an order that a buffer of this many elements gives; another one in each repetition. */
  shuffle(bufferSize: Count, ...rest: Rest<ShuffleOptions, ["seed", "reshuffleEachIteration", "name"]>): Dataset {
    const options: ShuffleOptions = byName(rest, ["seed", "reshuffleEachIteration", "name"]);
    const buffer = count(bufferSize, "buffer_size");
    const attrs = { ...seeds(options.seed), reshuffle_each_iteration: options.reshuffleEachIteration ?? true };
    return this.derived(
      shuffleDatasetOp({ ...this.input, buffer_size: buffer, ...attrs, ...metadataOf(options.name) }),
    );
  }

  /** Keeps the elements of the first walk: in memory, or in files of this name. */
  cache(filename: TensorLike = "", ...rest: NameRest): Dataset {
    return this.derived(cacheDatasetOp({ ...this.input, filename: text(filename, "filename"), ...nameOf(rest) }));
  }

  prefetch(bufferSize?: Count | null, ...rest: NameRest): Dataset {
    const size = bufferSize ?? -1;
    const buffer = count(size, "buffer_size");
    const legacy_autotune = !(size instanceof Tensor) && Number(size) === -1;
    return getDefaultGraph().colocateWith(this.variantTensor, () =>
      this.derived(prefetchDatasetOp({ ...this.input, buffer_size: buffer, legacy_autotune, ...nameOf(rest) })),
    );
  }

  /** Each value once. */
  unique(...rest: NameRest): Dataset {
    return this.renewed(uniqueDatasetOp({ ...this.input, ...nameOf(rest) }));
  }

  /** Without the elements that fail. */
  ignoreErrors(...rest: Rest<Named & { readonly logWarning?: boolean }, ["logWarning", "name"]>): Dataset {
    const { logWarning = false } = byName<{ readonly logWarning?: boolean }>(rest, ["logWarning"]);
    return this.renewed(ignoreErrorsDatasetOp({ ...this.input, log_warning: logWarning }));
  }

  /** How the input is to be run. What is set here goes before what was set on datasets before. */
  withOptions(options: Options, ...rest: NameRest): Dataset {
    const serialized_options = options.serialized() as unknown as string; // an attr may hold bytes
    const variant = getDefaultGraph().colocateWith(this.variantTensor, () =>
      optionsDatasetOp({ ...this.input, serialized_options, ...nameOf(rest) }),
    );
    const merged = mergeOptions(this.traits.options ?? new Options(), options).frozen();
    return made(variant, this.elementSpec, { ...this.traits, shownAs: undefined, options: merged });
  }

  /** The options that were set on this dataset and those before it; they cannot be changed. */
  options(): Options {
    return this.traits.options ?? new Options().frozen();
  }
}
