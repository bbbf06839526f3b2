/** Variables in parts along their first axis. Source: contrib/rnn rnn_cell.py. */
import type { DType } from "../../../../core/dtype.ts";
import { ValueError } from "../../../../core/error.ts";
import { getDefaultGraph } from "../../../../graph/graph.ts";
import type { Tensor } from "../../../../graph/tensor.ts";
import { concat } from "../../../../ops/index.ts";
import { GraphKeys } from "../../../collections.ts";
import { getVariable, getVariableScope } from "../../../variables/scope.ts";

/** `name_0`, `name_1` … joined to [rows, columns]; the joined tensor is made once. Throws ValueError for more parts than rows. */
export function shardedVariable(
  name: string,
  [rows, columns]: readonly [rows: number, columns: number],
  dtype: DType,
  shards: number,
): Tensor {
  if (shards > rows) throw new ValueError(`Too many shards: shape=[${rows}, ${columns}], num_shards=${shards}`);
  const unit = Math.floor(rows / shards);
  const parts = Array.from({ length: shards }, (_, i) => {
    const size = i < rows - unit * shards ? unit + 1 : unit;
    return getVariable(`${name}_${i}`, { shape: [size, columns], dtype }) as unknown as Tensor;
  });
  if (parts.length === 1) return parts[0]!;
  const fullName = `${getVariableScope().name}/${name}/concat:0`;
  const graph = getDefaultGraph();
  const known = graph.getCollection<Tensor>(GraphKeys.CONCATENATED_VARIABLES).find((each) => each.name === fullName);
  if (known) return known;
  const joined = concat(parts, 0, { name: `${name}/concat` });
  graph.addToCollection(GraphKeys.CONCATENATED_VARIABLES, joined);
  return joined;
}
