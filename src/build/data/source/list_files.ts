/** Names of files as a dataset. Source: dataset_ops.py, list_files */
import { int64, string } from "../../../core/dtype.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  addOp,
  getItem,
  greater,
  identity,
  matchingFiles,
  maximum,
  reduceJoin,
  shape,
  tensorSliceDatasetOp,
} from "../../../ops/index.ts";
import { assertThat } from "../../control_flow/assert.ts";
import { Dataset } from "../dataset.ts";
import { made } from "../nodes/base.ts";

/** Throws INVALID_ARGUMENT when run and no file matches. */
export function listFiles(
  pattern: TensorLike,
  { shuffle = true, seed }: { readonly shuffle?: boolean; readonly seed?: number | bigint } = {},
): Dataset {
  const graph = getDefaultGraph();
  return graph.nameScope("list_files", () => {
    const patterns = convertToTensor(pattern, { dtype: string, name: "file_pattern" });
    const found = matchingFiles(patterns);
    const isAny = greater(getItem(shape(found), 0), 0, { name: "match_not_empty" });
    const words = addOp({ x: "No files matched pattern: ", y: reduceJoin(patterns, { separator: ", " }) }, "message");
    const assertion = assertThat(isAny, [words], { summarize: 1, name: "assert_not_empty" });
    const names = graph.controlDependencies([assertion], () => identity(found));
    const files = new Dataset(tensorSliceDatasetOp({ components: [names], output_shapes: [[]], is_files: true }), {
      dtype: string,
      shape: [],
    });
    if (!shuffle) return files;
    const size = maximum(getItem(shape(names, { outType: int64 }), 0), 1n);
    const shuffled = files.shuffle(size, seed === undefined ? {} : { seed });
    return made(shuffled.variantTensor, shuffled.elementSpec, { shownAs: "DatasetV1Adapter" });
  });
}
