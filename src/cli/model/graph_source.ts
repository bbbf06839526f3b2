/** Graphs for the commands: of a model, or of a file that TensorFlow wrote. */
import { InvalidArgumentError, NotFoundError } from "../../core/error.ts";
import type { Graph } from "../../graph/graph.ts";
import { readFile } from "../../io/file_system.ts";
import { pathKind } from "../../io/paths.ts";
import type { GraphDefinition } from "../../proto/graph_def.ts";
import { isModelPath, loadModel } from "./registry.ts";

export interface GraphSource {
  readonly title: string;
  readonly definition: GraphDefinition;
  /** The graph itself, imported on demand. */
  graph(): Promise<Graph>;
}

/** A model's name or path, a .pb, .pbtxt or .meta file, a SavedModel folder, or a folder with event logs. Throws NOT_FOUND for none of these. */
export async function openGraph(word: string, modelFlags: Readonly<Record<string, unknown>>): Promise<GraphSource> {
  const kind = pathKind(word);
  if (kind === "none" || isModelPath(word)) return modelGraph(word, modelFlags);
  const definition = kind === "folder" ? await folderGraph(word) : await fileGraph(word);
  return {
    title: word,
    definition,
    async graph() {
      const { Graph: GraphClass } = await import("../../index.ts");
      const { importGraphDefinition } = await import("../../graph/def/import.ts");
      const graph = new GraphClass();
      importGraphDefinition(definition, { name: "", graph });
      return graph;
    },
  };
}

async function modelGraph(name: string, modelFlags: Readonly<Record<string, unknown>>): Promise<GraphSource> {
  const model = await loadModel(name);
  const { Graph: GraphClass } = await import("../../index.ts");
  const { graphDefinition } = await import("../../graph/def/graph_def.ts");
  const graph = new GraphClass();
  graph.seed = 0;
  const flags = Object.fromEntries(
    Object.entries(model.flags).map(([flagName, spec]) => [flagName, modelFlags[flagName] ?? spec.default]),
  );
  const { buildModel } = await import("../../train/model.ts");
  graph.asDefault(() => buildModel(model, flags, { seed: 0, note: () => {} }));
  return { title: model.name, definition: graphDefinition(graph), graph: async () => graph };
}

async function fileGraph(path: string): Promise<GraphDefinition> {
  const bytes = readFile(path);
  const { decodeGraphDef, fromGraphProto } = await import("../../proto/graph_def.ts");
  const { decode, pb } = await import("../../proto/messages.ts");
  if (path.endsWith(".pbtxt")) {
    const { parseText } = await import("../../proto/text_format.ts");
    return decodeGraphDef(parseText("GraphDef", new TextDecoder().decode(bytes), path), path);
  }
  if (path.endsWith(".meta")) (await import("../../io/checkpoint/save/sums.ts")).checkSum(path, bytes);
  if (path.endsWith(".meta")) return fromGraphProto(decode(pb.MetaGraphDef, bytes, path).graphDef ?? {});
  if (path.endsWith("saved_model.pb")) return savedModelGraph(path, bytes);
  if (path.includes("tfevents")) return eventGraph([path]);
  return decodeGraphDef(bytes, path);
}

async function savedModelGraph(path: string, bytes: Uint8Array): Promise<GraphDefinition> {
  const { fromGraphProto } = await import("../../proto/graph_def.ts");
  const { decode, pb } = await import("../../proto/messages.ts");
  const meta = decode(pb.SavedModel, bytes, path).metaGraphs?.[0];
  if (!meta?.graphDef) throw new InvalidArgumentError(`${path}: holds no graph`, { path });
  return fromGraphProto(meta.graphDef);
}

async function folderGraph(folder: string): Promise<GraphDefinition> {
  const savedModel = `${folder}/saved_model.pb`;
  if (pathKind(savedModel) === "file") return savedModelGraph(savedModel, readFile(savedModel));
  const { eventFiles } = await import("../../io/event_file.ts");
  const logs = eventFiles(folder);
  if (logs.length === 0)
    throw new NotFoundError(`${folder}: no saved_model.pb and no event log in it`, { path: folder });
  return eventGraph(logs);
}

/** The last graph that event logs hold. */
async function eventGraph(paths: readonly string[]): Promise<GraphDefinition> {
  const { readEvents } = await import("../../io/event_file.ts");
  const { decode, pb } = await import("../../proto/messages.ts");
  const { decodeGraphDef } = await import("../../proto/graph_def.ts");
  let found: Uint8Array | null = null;
  for (const path of paths) {
    for (const record of readEvents(path)) {
      const event = decode(pb.Event, record, path);
      if (event.graphDef?.length) found = event.graphDef;
    }
  }
  if (!found) throw new NotFoundError(`${paths.join(", ")}: no graph in it`, { path: paths[0]! });
  return decodeGraphDef(found, paths[0]!);
}
