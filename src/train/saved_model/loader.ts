/**
 * SavedModels into a session.
 *
 *     DIR/saved_model.pb      SavedModel: MetaGraphDefs, told apart by their tags        (or .pbtxt)
 *     DIR/variables/          a checkpoint with the prefix `variables`
 *     DIR/assets/             files that the graph names by constants, fed with their paths here
 *
 * Source: tensorflow/python/saved_model/loader_impl.py.
 */
import { join } from "node:path";
import type { ImportMetaGraphOptions } from "../../build/meta_graph/import.ts";
import { NotFoundError, OpError, PermissionDeniedError, RuntimeError } from "../../core/error.ts";
import type { Operation } from "../../graph/operation.ts";
import { nodeFiles, readFile } from "../../io/file_system.ts";
import { isInside } from "../../io/paths.ts";
import { decode, mapEntries, pb } from "../../proto/messages.ts";
import { parseText } from "../../proto/text_format.ts";
import type { Session } from "../../session/session.ts";
import { importMetaGraph } from "../import_meta_graph.ts";
import {
  ASSETS_DIRECTORY,
  ASSETS_KEY,
  initSignatureKey,
  LEGACY_INIT_OP_KEY,
  MAIN_OP_KEY,
  SAVED_MODEL_FILENAME_PB,
  SAVED_MODEL_FILENAME_PBTXT,
  VARIABLES_DIRECTORY,
  VARIABLES_FILENAME,
} from "./constants.ts";

/** Is there a SavedModel in the folder? */
export const maybeSavedModelDirectory = (exportDir: string): boolean =>
  [SAVED_MODEL_FILENAME_PB, SAVED_MODEL_FILENAME_PBTXT].some((name) => nodeFiles.stat(join(exportDir, name)) !== null);

export const containsSavedModel = maybeSavedModelDirectory;

/** Throws NOT_FOUND where there is none, DATA_LOSS for a damaged one. */
function parseSavedModel(exportDir: string): pb.SavedModel.$Properties {
  const binary = join(exportDir, SAVED_MODEL_FILENAME_PB);
  if (nodeFiles.stat(binary)) return decode(pb.SavedModel, readFile(binary), binary);
  const text = join(exportDir, SAVED_MODEL_FILENAME_PBTXT);
  if (nodeFiles.stat(text))
    return decode(pb.SavedModel, parseText("SavedModel", new TextDecoder().decode(readFile(text)), text), text);
  throw new NotFoundError(
    `SavedModel file does not exist at: ${exportDir}/{${SAVED_MODEL_FILENAME_PBTXT}|${SAVED_MODEL_FILENAME_PB}}`,
    { path: exportDir },
  );
}

const tagsOf = (meta: pb.MetaGraphDef.$Properties): readonly string[] => meta.metaInfoDef?.tags ?? [];

function withTags(model: pb.SavedModel.$Properties, tags: readonly string[]): pb.MetaGraphDef.$Properties {
  const metas = model.metaGraphs ?? [];
  const wanted = new Set(tags);
  const found = metas.find((meta) => {
    const own = new Set(tagsOf(meta));
    return own.size === wanted.size && [...own].every((tag) => wanted.has(tag));
  });
  if (found) return found;
  const available = metas
    .map(
      (meta) =>
        `{${tagsOf(meta)
          .map((tag) => `'${tag}'`)
          .join(", ")}}`,
    )
    .join(", ");
  throw new RuntimeError(
    `MetaGraphDef associated with tags ${tags.map((tag) => `'${tag}'`).join(", ")} could not be found in SavedModel, with available tags '[${available}]'. To inspect available tag-sets in the SavedModel, please use the SavedModel CLI: \`saved_model_cli\`.`,
  );
}

/** Paths of the asset files by the tensors that are fed with them. */
function assetFeeds(meta: pb.MetaGraphDef.$Properties, exportDir: string): [string, string][] {
  const listed = meta.assetFileDef ?? [];
  const packed = mapEntries(meta.collectionDef).find(([key]) => key === ASSETS_KEY)?.[1].anyList?.value ?? [];
  const assets = listed.length ? listed : packed.map((any) => decode(pb.AssetFileDef, any.value ?? new Uint8Array()));
  const folder = join(exportDir, ASSETS_DIRECTORY);
  return assets.map(({ tensorInfo, filename }) => {
    const path = join(folder, filename ?? "");
    if (!isInside(folder, path)) throw new PermissionDeniedError(`${path}: an asset outside ${folder}`, { path });
    return [tensorInfo?.name ?? "", path];
  });
}

/** The op that runs after the variables are restored: by its signature, else by the collections of older writers. */
function initOp(meta: pb.MetaGraphDef.$Properties, sess: Session): Operation | null {
  const { graph } = sess;
  const signature = mapEntries(meta.signatureDef).find(([key]) => key === initSignatureKey)?.[1];
  const named = signature && mapEntries(signature.outputs)[0]?.[1].name;
  if (named) return graph.getOperationByName(named.replace(/:\d+$/, ""));
  for (const key of [MAIN_OP_KEY, LEGACY_INIT_OP_KEY]) {
    const ops = graph.getCollection(key);
    if (ops.length === 0) continue;
    if (ops.length > 1) throw new RuntimeError(`Expected exactly one SavedModel init op. Found ${ops.length}: ${ops}`);
    return graph.asGraphElement(ops[0]) as Operation;
  }
  return null;
}

/**
 * Adds the MetaGraphDef with exactly these tags to the session's graph, restores its variables and runs its initializer. Throws NOT_FOUND
 * without a SavedModel, RuntimeError when no MetaGraphDef has the tags.
 */
export async function load(
  sess: Session,
  tags: readonly string[],
  exportDir: string,
  options: ImportMetaGraphOptions = {},
): Promise<pb.MetaGraphDef.$Properties> {
  const meta = withTags(parseSavedModel(exportDir), tags);
  await sess.graph.asDefault(async () => {
    const saver = importMetaGraph(meta, options);
    const feedDict = assetFeeds(meta, exportDir);
    const prefix = join(exportDir, VARIABLES_DIRECTORY, VARIABLES_FILENAME);
    if (saver && nodeFiles.stat(`${prefix}.index`)) await restored(() => saver.restore(sess, prefix), exportDir);
    const init = initOp(meta, sess);
    if (init) await sess.run(init, { feedDict });
  });
  return meta;
}

/** Says of which SavedModel the variables are, where they do not fit. */
async function restored(restore: () => Promise<void>, exportDir: string): Promise<void> {
  try {
    await restore();
  } catch (error) {
    if (error instanceof OpError && error.path === undefined) Object.assign(error, { path: exportDir });
    throw error;
  }
}
