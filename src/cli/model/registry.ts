/**
 * The model registry: built-in models, models of the working directory (./models/*.ts), packages that its package.json lists, and files
 * given by path. Loading a file runs it; a path is taken only from the command line.
 */
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { builtIn } from "../../../models/index.ts";
import { didYouMean } from "../../core/suggest.ts";
import { userLine } from "../../core/trace.ts";
import { packageFile as shippedFile } from "../../io/package_file.ts";
import { listFolder, pathKind } from "../../io/paths.ts";
import { readTextFile } from "../../io/text_file.ts";
import type { ModelDefinition } from "../../train/model.ts";
import { Misuse } from "../command.ts";

const modelFile = /\.(ts|mts|js|mjs)$/;

export const isModelPath = (word: string): boolean => modelFile.test(word);

/** Names and lines of the built-in models. */
export const builtInModels = (): readonly { readonly name: string; readonly about: string }[] =>
  Object.entries(builtIn).map(([name, { about }]) => ({ name, about }));

/** Model files in ./models, by file name without its ending. */
export function localModels(): readonly { readonly name: string; readonly path: string }[] {
  if (pathKind("models") !== "folder") return [];
  return listFolder("models")
    .filter(({ name, isFolder }) => !isFolder && modelFile.test(name) && !name.endsWith(".d.ts"))
    .map(({ name }) => ({ name: name.replace(modelFile, ""), path: `./models/${name}` }));
}

/** The local models for a list: files with a default export, that are not those of the built-in models themselves. */
export const listedModels = (): ReturnType<typeof localModels> =>
  localModels().filter(
    ({ name, path }) =>
      resolve(path) !== shippedFile(`models/${name}.ts`) &&
      /\bexport default\b|\bas default\b/.test(readTextFile(path)),
  );

const packageName = /^(?:@[a-z0-9][a-z0-9._-]*\/)?tsflow-model-([a-z0-9][a-z0-9._-]*)$/;
const packageFile = "package.json";

/**
 * Packages with models that the working directory's package.json lists under "tsflow". A package that is only installed is none: its code
 * runs when its model is named. Throws Misuse for a list that is no list of such names.
 */
export function packageModels(): readonly { readonly name: string; readonly package: string }[] {
  if (pathKind(packageFile) !== "file") return [];
  let listed: unknown;
  try {
    listed = (JSON.parse(readTextFile(packageFile)) as { tsflow?: unknown } | null)?.tsflow;
  } catch {
    return []; // npm tells what is wrong with it
  }
  if (listed === undefined) return [];
  const names: unknown[] = Array.isArray(listed) ? listed : [listed];
  return names.map((each) => {
    const name = typeof each === "string" ? packageName.exec(each)?.[1] : undefined;
    if (name === undefined)
      throw new Misuse(
        `${packageFile}: "tsflow" lists packages tsflow-model-*, got ${JSON.stringify(each)?.slice(0, 80)}`,
      );
    return { name, package: each as string };
  });
}

/** The file that a listed package begins with. */
function packageEntry(name: string): string {
  try {
    return createRequire(resolve(packageFile)).resolve(name);
  } catch (cause) {
    throw Object.assign(new Misuse(`the package ${name} is listed in ${packageFile}, and is not installed`), { cause });
  }
}

/** Is there a model of this name, or is it a path of one? */
export const isModelName = (word: string): boolean =>
  isModelPath(word) ||
  Object.hasOwn(builtIn, word) ||
  localModels().some(({ name }) => name === word) ||
  packageModels().some(({ name }) => name === word);

/** The model of a name or a path. Throws Misuse for an unknown name, with the one that may have been meant. */
export async function loadModel(nameOrPath: string): Promise<ModelDefinition> {
  if (isModelPath(nameOrPath)) return loadModelFile(nameOrPath);
  if (Object.hasOwn(builtIn, nameOrPath)) return (await builtIn[nameOrPath]!.load()).default;
  const local = localModels().find(({ name }) => name === nameOrPath);
  if (local) return loadModelFile(local.path);
  const packages = packageModels();
  const listed = packages.find(({ name }) => name === nameOrPath);
  if (listed) return loadModelFile(packageEntry(listed.package));
  const names = [...Object.keys(builtIn), ...[...listedModels(), ...packages].map(({ name }) => name)];
  throw new Misuse(`no model "${nameOrPath}".${didYouMean(nameOrPath, names)} All: tsflow models`);
}

/** What went wrong, and in which line: where the parser stopped, or the file's own code. */
function causeIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [first, ...rest] = error.message.split("\n");
  const parsed = /:(\d+):(\d+)\s*$/.exec(rest.join(" "));
  if (parsed) return `line ${parsed[1]}, column ${parsed[2]}: ${first!.replace(/^\w*Error: /, "").trim()}`;
  const place = userLine(error);
  return (place ? `${place}: ${first}` : first!).replace(/\.$/, "");
}

/**
 * The registry's name of the model whose run lies in the folder; null without a run. Throws Misuse for a run of a model's file or package:
 * they run as code, so their names come from the command line alone.
 */
export async function modelOfRun(directory: string): Promise<string | null> {
  const { readRunFlags } = await import("../../train/run/run_directory.ts");
  const name = readRunFlags(directory)?.model ?? null;
  const isCode = name !== null && (isModelPath(name) || packageModels().some((listed) => listed.name === name));
  if (!isCode) return name;
  throw new Misuse(
    `${directory} is a run of ${name}. A model's file runs as code: name it on the command line`,
    `Add --model ${name}`,
  );
}

/** Runs a user's file. `tsflow` in it is this very instance, wherever the file lies. */
async function loadModelFile(path: string): Promise<ModelDefinition> {
  const file = resolve(path);
  if (pathKind(file) !== "file") throw Object.assign(new Misuse(`no model file ${path}`), { exit: 4 });
  const [{ createJiti }, tsflow, { isModel }] = await Promise.all([
    import("jiti"),
    import("../../index.ts"),
    import("../../train/model.ts"),
  ]);
  const jiti = createJiti(pathToFileURL(file).href, { virtualModules: { tsflow }, fsCache: false, moduleCache: false });
  let loaded: { default?: unknown };
  try {
    loaded = await jiti.import(file);
  } catch (error) {
    throw Object.assign(
      new Error(`cannot load ${path}: ${causeIn(error)}. The model was not registered`, { cause: error }),
      { exit: 1 },
    );
  }
  const model = loaded.default;
  if (!isModel(model)) {
    throw new Misuse(
      `${path} has no model as its default export`,
      "Begin it with: export default tf.train.defineModel({ name, about, flags, build })",
    );
  }
  return model;
}
