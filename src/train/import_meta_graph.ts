/** `tf.train.importMetaGraph`. Source: tensorflow/python/training/saver.py. */
import { GraphKeys } from "../build/collections.ts";
import { type ImportMetaGraphOptions, importMetaGraphDef } from "../build/meta_graph/import.ts";
import * as logging from "../core/text/logging.ts";
import { getDefaultGraph } from "../graph/graph.ts";
import { byName, type Rest } from "../ops/options.ts";
import type { pb } from "../proto/messages.ts";
import { readMetaGraphFile } from "./meta_graph.ts";
import "./queue/queue_runner.ts";
import { Saver } from "./saver.ts";

/**
 * Adds the nodes and collections of a MetaGraphDef, or of the file of one, to the default graph. The saver of its saver_def; without one a
 * saver of all variables; null when there are none. Throws what importGraphDef and readMetaGraphFile throw.
 */
export function importMetaGraph(
  metaGraphOrFile: string | pb.MetaGraphDef.$Properties,
  ...rest: Rest<ImportMetaGraphOptions, ["clearDevices", "importScope"]>
): Saver | null {
  const metaGraph = typeof metaGraphOrFile === "string" ? readMetaGraphFile(metaGraphOrFile) : metaGraphOrFile;
  const { scope } = importMetaGraphDef(
    metaGraph,
    byName<ImportMetaGraphOptions>(rest, ["clearDevices", "importScope"]),
  );
  if (metaGraph.saverDef) return Saver.fromProto(metaGraph.saverDef, scope || undefined);
  const graph = getDefaultGraph();
  const keys = [GraphKeys.GLOBAL_VARIABLES, GraphKeys.SAVEABLE_OBJECTS];
  if (keys.some((key) => graph.getCollection(key, scope || undefined).length > 0)) return new Saver();
  logging.info("Saver not created because there are no variables in the graph to restore");
  return null;
}
