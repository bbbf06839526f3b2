/** Methods of datasets that run a function on elements. Source: map_op.py, flat_map_op.py, interleave_op.py, filter_op.py, scan_op.py. */
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import {
  filterDatasetOp,
  flatMapDatasetOp,
  interleaveDatasetOp,
  mapDatasetOp,
  parallelInterleaveDatasetV4Op,
  parallelMapDatasetV2Op,
  reduceDatasetOp,
  scanDatasetOp,
  takeWhileDatasetOp,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import type { Dataset } from "../dataset.ts";
import { trace } from "../function.ts";
import { count, type InterleaveOptions, type MapOptions } from "../inputs.ts";
import { elementsOf, initial } from "../shapes.ts";
import { type Any, attrsOf, commonSpecs, elementOf, type Nested, type Spec, specsOf, tensorsOf } from "../structure.ts";
import { checkPredicate, checkReduced, checkScan } from "../words.ts";
import { Elements, metadataOf, type Named } from "./base.ts";

export type Callback<R = unknown> = (...args: Any[]) => R;

const autotune = -1;
export const determinism = (deterministic?: boolean | null): string => String(deterministic ?? "default");

const mapNames = ["numParallelCalls", "deterministic", "synchronous", "useUnboundedThreadpool", "name"] as const;
const interleaveNames = ["cycleLength", "blockLength", "numParallelCalls", "deterministic", "name"] as const;

export abstract class EachElement extends Elements {
  /** f of each element; a list is spread over its arguments. */
  map(f: Callback, ...rest: Rest<MapOptions, typeof mapNames>): Dataset {
    return this.mapped(f, byName(rest, mapNames), !this.isFirst);
  }

  /** As `map`. TensorFlow's older way to trace functions makes the same elements. */
  mapWithLegacyFunction(f: Callback, ...rest: Rest<MapOptions, ["numParallelCalls", "deterministic"]>): Dataset {
    return this.mapped(f, byName(rest, ["numParallelCalls", "deterministic"]), false);
  }

  protected mapped(f: Callback, options: MapOptions, keepsCount: boolean): Dataset {
    const { numParallelCalls, deterministic, synchronous = false, useUnboundedThreadpool = false } = options;
    const isParallel = numParallelCalls !== undefined && numParallelCalls !== null;
    if (isParallel && synchronous) {
      throw new ValueError(
        `('\`synchronous\` is not supported with \`num_parallel_calls\`, but \`num_parallel_calls\` was set to ', ${numParallelCalls})`,
      );
    }
    const { fn, captured, output } = trace(f, this.elementSpec, "Dataset_map");
    const inputs = {
      input_dataset: this.variantTensor,
      other_arguments: captured,
      f: fn,
      ...attrsOf(output),
      preserve_cardinality: keepsCount,
      ...metadataOf(this.isFirst ? null : options.name), // Python's older class has no names here
    };
    const tensor = isParallel
      ? parallelMapDatasetV2Op({
          ...inputs,
          num_parallel_calls: count(numParallelCalls, "num_parallel_calls"),
          deterministic: determinism(deterministic),
          use_unbounded_threadpool: useUnboundedThreadpool && !this.isFirst,
        })
      : mapDatasetOp({ ...inputs, force_synchronous: synchronous });
    return this.derived(tensor, output);
  }

  /** The elements of the datasets that f gives. */
  flatMap(f: Callback<Dataset>, ...rest: Rest<Named, ["name"]>): Dataset {
    const { fn, captured, output } = trace(f, this.elementSpec, "Dataset_flat_map");
    const elements = elementsOf(output);
    return this.derived(
      flatMapDatasetOp({
        input_dataset: this.variantTensor,
        other_arguments: captured,
        f: fn,
        ...attrsOf(elements),
        ...metadataOf(byName<Named>(rest, ["name"]).name),
      }),
      elements,
    );
  }

  /** As `flatMap`, with `cycleLength` datasets at a time that give `blockLength` elements in turn. */
  interleave(f: Callback<Dataset>, ...rest: Rest<InterleaveOptions, typeof interleaveNames>): Dataset {
    const options: InterleaveOptions = byName(rest, interleaveNames);
    const { cycleLength = autotune, blockLength = 1, numParallelCalls, deterministic, name } = options;
    const { fn, captured, output } = trace(f, this.elementSpec, "Dataset_interleave");
    const elements = elementsOf(output);
    const inputs = {
      input_dataset: this.variantTensor,
      other_arguments: captured,
      cycle_length: count(cycleLength, "cycle_length"),
      block_length: count(blockLength, "block_length"),
      f: fn,
      ...attrsOf(elements),
      ...metadataOf(name),
    };
    if (numParallelCalls === undefined || numParallelCalls === null)
      return this.derived(interleaveDatasetOp(inputs), elements);
    const parallel = {
      ...inputs,
      buffer_output_elements: count(autotune, "buffer_output_elements"),
      prefetch_input_elements: count(autotune, "prefetch_input_elements"),
      num_parallel_calls: count(numParallelCalls, "num_parallel_calls"),
      deterministic: determinism(deterministic),
    };
    return this.derived(parallelInterleaveDatasetV4Op(parallel), elements);
  }

  /** The elements for which the predicate, a scalar bool, is true. */
  filter(predicate: Callback, ...rest: Rest<Named, ["name"]>): Dataset {
    const { fn, captured, output } = trace(predicate, this.elementSpec, "Dataset_filter");
    checkPredicate(output);
    const { name } = byName<Named>(rest, ["name"]);
    const inputs = { ...this.input, other_arguments: captured, predicate: fn, ...metadataOf(name) };
    return this.derived(filterDatasetOp(inputs));
  }

  /** As `filter`. */
  filterWithLegacyFunction(predicate: Callback): Dataset {
    return this.filter(predicate);
  }

  /** The elements before the first one for which the predicate, a scalar bool, is false. */
  takeWhile(predicate: Callback, ...rest: Rest<Named, ["name"]>): Dataset {
    const { fn, captured, output } = trace(predicate, this.elementSpec, "Dataset_take_while");
    checkPredicate(output, "take_while");
    const { name } = byName<Named>(rest, ["name"]);
    return this.renewed(
      takeWhileDatasetOp({ ...this.input, other_arguments: captured, predicate: fn, ...metadataOf(name) }),
    );
  }

  /** [state, output] = f(state, element) for each element: the outputs. Throws TypeError for states of another form. */
  scan(
    initialState: Any,
    f: (state: Any, element: Any) => readonly [Any, Any],
    ...rest: Rest<Named, ["name"]>
  ): Dataset {
    const start = initial(initialState);
    const { fn, captured, output } = trace(f, [start.specs, this.elementSpec], "Dataset_scan", specsOf(start.specs));
    checkScan(output, start.specs);
    const elements = (output as readonly Nested<Spec>[])[1]!;
    const inputs = {
      input_dataset: this.variantTensor,
      initial_state: tensorsOf(start.values),
      other_arguments: captured,
      f: fn,
      ...metadataOf(byName<Named>(rest, ["name"]).name),
    };
    return this.renewed(scanDatasetOp({ ...inputs, ...attrsOf(elements), preserve_cardinality: true }), elements);
  }

  /** The last state of state = f(state, element). */
  reduce(initialState: Any, f: (state: Any, element: Any) => Any, ...rest: Rest<Named, ["name"]>): Any {
    const start = getDefaultGraph().nameScope("initial_state", () => initial(initialState));
    const { fn, captured, output } = trace(f, [start.specs, this.elementSpec], "reduce", specsOf(start.specs));
    checkReduced(output, start.specs);
    const state = commonSpecs(start.specs, output);
    const inputs = {
      input_dataset: this.variantTensor,
      initial_state: tensorsOf(start.values),
      other_arguments: captured,
      f: fn,
      ...metadataOf(byName<Named>(rest, ["name"]).name),
    };
    return elementOf(state, reduceDatasetOp({ ...inputs, ...attrsOf(state) }));
  }
}
