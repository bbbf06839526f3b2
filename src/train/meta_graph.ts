/** Graphs as files: MetaGraphDefs as `tf.train.Saver` writes them beside a checkpoint, and back; GraphDefs. Source: saver.py, graph_io.py. */
import { dirname, join } from "node:path";
import { createMetaGraphDef, type MetaGraphOptions } from "../build/meta_graph/export.ts";
import { DataLossError, NotFoundError, OpError } from "../core/error.ts";
import { graphDefinition } from "../graph/def/graph_def.ts";
import { Graph } from "../graph/graph.ts";
import { checkSum } from "../io/checkpoint/save/sums.ts";
import { nodeFiles, readFile, writeFileAtomic } from "../io/file_system.ts";
import { byKeyword, byName, type Rest } from "../ops/options.ts";
import { encodeGraphDef } from "../proto/graph_def.ts";
import { decode, encode, pb } from "../proto/messages.ts";
import { parseText, printText } from "../proto/text_format.ts";

export interface ExportMetaGraphOptions extends Omit<MetaGraphOptions, "addShapes" | "tags"> {
  /** The file to write; none is written without. */
  readonly filename?: string | null | undefined;
  /** Text format instead of binary. */
  readonly asText?: boolean | undefined;
}

const exportOrder = [
  "filename",
  "metaInfoDef",
  "graphDef",
  "saverDef",
  "collectionList",
  "asText",
  "graph",
  "exportScope",
  "clearDevices",
  "clearExtraneousSavers",
  "stripDefaultAttrs",
] as const;

/** The default graph with its collections; also written to the file when one is named. */
export function exportMetaGraph(
  ...rest: Rest<ExportMetaGraphOptions, typeof exportOrder>
): pb.MetaGraphDef.$Properties {
  const { filename, ...options } = byName<ExportMetaGraphOptions>(rest, exportOrder);
  const metaGraph = createMetaGraphDef(options);
  if (filename) {
    const bytes = encode(pb.MetaGraphDef, metaGraph);
    nodeFiles.mkdir(dirname(filename));
    writeFileAtomic(filename, options.asText ? new TextEncoder().encode(printText("MetaGraphDef", bytes)) : bytes);
  }
  return metaGraph;
}

/** Reads a binary or a text file. Throws NOT_FOUND without one, DATA_LOSS when it is neither. */
export function readMetaGraphFile(filename: string): pb.MetaGraphDef.$Properties {
  if (!nodeFiles.stat(filename)) throw new NotFoundError(`File does not exist. Received: ${filename}.`);
  const bytes = readFile(filename);
  checkSum(filename, bytes);
  try {
    return decode(pb.MetaGraphDef, bytes, filename);
  } catch (binary) {
    if (!(binary instanceof OpError)) throw binary;
    return decode(pb.MetaGraphDef, textMetaGraph(bytes, filename, binary), filename);
  }
}

function textMetaGraph(bytes: Uint8Array, filename: string, binary: OpError): Uint8Array {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw binary;
  }
  try {
    return parseText("MetaGraphDef", text, filename);
  } catch (cause) {
    throw new DataLossError(`Cannot parse file ${filename}: ${(cause as Error).message}.`, { path: filename, cause });
  }
}

/** Writes a graph or GraphDef into a folder, which is made when it is not there; text by default. The path of the file. */
export const writeGraph = byKeyword(
  ["graphOrGraphDef", "logdir", "name"],
  function writeGraph(
    graphOrGraphDef: Graph | pb.GraphDef.$Properties,
    logdir: string,
    name: string,
    options: { readonly asText?: boolean; readonly addShapes?: boolean } = {},
  ): string {
    const bytes =
      graphOrGraphDef instanceof Graph
        ? encodeGraphDef(graphDefinition(graphOrGraphDef, { addShapes: options.addShapes ?? false }))
        : encode(pb.GraphDef, graphOrGraphDef);
    nodeFiles.mkdir(logdir);
    const path = join(logdir, name);
    const asText = options.asText ?? true;
    writeFileAtomic(path, asText ? new TextEncoder().encode(printText("GraphDef", bytes)) : bytes);
    return path;
  },
);
