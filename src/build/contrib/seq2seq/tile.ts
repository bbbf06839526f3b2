/** `tf.contrib.seq2seq.tile_batch`. Source: contrib/seq2seq beam_search_decoder.py. */
import { ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor } from "../../../ops/convert.ts";
import { concat, expandDims, reshape, shape as shapeOf, tile } from "../../../ops/index.ts";
import { flatten, type Nested, pack } from "../../control_flow/structure.ts";

function tiled(given: Tensor, multiplier: number): Tensor {
  const t = convertToTensor(given, { name: "t" });
  const dims = shapeOf(t);
  const { shape } = t;
  if (!shape) throw new ValueError("t must have statically known rank");
  const tiling = [1, multiplier, ...shape.slice(1).map(() => 1)];
  const rows = reshape(
    tile(expandDims(t, 1), tiling),
    concat([[dims.at(0).mul(multiplier)] as never, dims.at("1:")], 0),
  );
  rows.setShape([shape[0] ? shape[0] * multiplier : null, ...shape.slice(1)]);
  return rows;
}

/** Each row of each tensor so many times, one copy after another: [batch, ...] to [batch · multiplier, ...]. */
export const tileBatch = (t: Nested<Tensor>, multiplier: number, name?: string): Nested<Tensor> =>
  getDefaultGraph().nameScope(name ?? "tile_batch", () =>
    pack(
      t,
      flatten<Tensor>(t).map((each) => tiled(each, multiplier)),
    ),
  );
