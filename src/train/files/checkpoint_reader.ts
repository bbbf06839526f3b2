/** Checkpoints read by name: `tf.train.loadCheckpoint`, `listVariables`, `initFromCheckpoint`. Source: checkpoint_utils.py, checkpoint_reader.cc. */
import { GraphKeys } from "../../build/collections.ts";
import { checkpointSource } from "../../build/variables/initialize.ts";
import type { PartitionedVariable } from "../../build/variables/partitioned.ts";
import { assign } from "../../build/variables/state.ts";
import { Variable } from "../../build/variables/variable.ts";
import type { DType } from "../../core/dtype.ts";
import { NotFoundError, ValueError } from "../../core/error.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { compatible, type FullShape, formatShapePython } from "../../core/shape.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { Tensor } from "../../graph/tensor.ts";
import { BundleReader } from "../../io/checkpoint/bundle_reader.ts";
import { latestCheckpoint } from "../../io/checkpoint/state.ts";
import { isFirstVersion, SliceFiles } from "../../io/checkpoint/v1/slice_file.ts";
import { nodeFiles } from "../../io/file_system.ts";
import { assignVariableOp, identity, restoreV2Op } from "../../ops/index.ts";

interface Entry {
  readonly dtype: DType;
  readonly shape: FullShape;
}

/** The tensors of a checkpoint, of either version. Throws what opening it throws. */
export class CheckpointReader {
  readonly #names: readonly string[];
  readonly #entry: (name: string) => Entry;
  readonly #read: (name: string) => NdArray;

  constructor(prefix: string) {
    if (isFirstVersion(prefix)) {
      const files = SliceFiles.open(prefix);
      this.#names = files.names().sort();
      this.#entry = (name) => files.get(name)!;
      this.#read = (name) => files.read(name);
      return;
    }
    const reader = BundleReader.open(prefix);
    this.#names = reader.names();
    this.#entry = (name) => reader.entry(name);
    this.#read = (name) => {
      try {
        return reader.readSync(name);
      } finally {
        reader.close();
      }
    };
  }

  hasTensor(name: string): boolean {
    return this.#names.includes(name);
  }

  getVariableToShapeMap(): Record<string, FullShape> {
    return Object.fromEntries(this.#names.map((name) => [name, this.#entry(name).shape]));
  }

  getVariableToDtypeMap(): Record<string, DType> {
    return Object.fromEntries(this.#names.map((name) => [name, this.#entry(name).dtype]));
  }

  /** Throws NOT_FOUND for an unknown name. */
  getTensor(name: string): NdArray {
    if (!this.hasTensor(name)) throw new NotFoundError(`Key ${name} not found in checkpoint`);
    return this.#read(name);
  }

  /** A line for each tensor: name, dtype, shape. */
  debugString(): string {
    const words: Record<string, string> = { float32: "FLOAT", float64: "DOUBLE", float16: "HALF" };
    return this.#names
      .map((name) => {
        const { dtype, shape } = this.#entry(name);
        return `${name} (DT_${words[dtype.base] ?? dtype.base.toUpperCase()}) [${shape.join(",")}]\n`;
      })
      .join("");
  }
}

/** A checkpoint by its prefix. Throws NOT_FOUND for a prefix without files. */
export function NewCheckpointReader(prefix: string): CheckpointReader {
  return new CheckpointReader(prefix);
}

const prefixOf = (folderOrPrefix: string): string | null =>
  nodeFiles.stat(folderOrPrefix)?.isDirectory ? latestCheckpoint(folderOrPrefix) : folderOrPrefix;

/** A checkpoint by its prefix, or a folder's latest. Throws ValueError for a folder without one. */
export function loadCheckpoint(folderOrPrefix: string): CheckpointReader {
  const prefix = prefixOf(folderOrPrefix);
  if (prefix === null) {
    throw new ValueError(`Couldn't find 'checkpoint' file or checkpoints in given directory ${folderOrPrefix}`);
  }
  return new CheckpointReader(prefix);
}

/** The value of one variable. Throws NOT_FOUND for an unknown name. */
export const loadVariable = (folderOrPrefix: string, name: string): NdArray =>
  loadCheckpoint(folderOrPrefix).getTensor(name.replace(/:0$/, ""));

/** Names and shapes, by name. */
export const listVariables = (folderOrPrefix: string): [name: string, shape: FullShape][] =>
  Object.entries(loadCheckpoint(folderOrPrefix).getVariableToShapeMap()).sort(([a], [b]) => (a < b ? -1 : 1));

type Target = string | Variable | readonly Variable[] | PartitionedVariable;
/** From names (or, ending in "/", scopes) in the checkpoint to variables, their names or scopes here. */
export type AssignmentMap = Readonly<Record<string, Target>> | Iterable<readonly [string, Target]>;

/**
 * Variables take their initial values from a checkpoint rather than from their initializers. Throws ValueError for names and shapes that are
 * not in it.
 */
export function initFromCheckpoint(folderOrPrefix: string, assignmentMap: AssignmentMap): void {
  const prefix = prefixOf(folderOrPrefix);
  const shapes = loadCheckpoint(folderOrPrefix).getVariableToShapeMap();
  const pairs = Symbol.iterator in assignmentMap ? [...assignmentMap] : Object.entries(assignmentMap);
  for (const [saved, target] of pairs.sort(([a], [b]) => (a < b ? -1 : 1))) {
    const found = typeof target === "string" ? variableNamed(target) : target;
    if (found) {
      checkSaved(saved, found, { source: folderOrPrefix, shapes });
      initialize(found, prefix!, saved);
    } else {
      for (const [name, variable] of inScope(saved, target as string, { source: folderOrPrefix, shapes })) {
        initialize(variable, prefix!, name);
      }
    }
  }
}

interface Source {
  readonly source: string;
  readonly shapes: Readonly<Record<string, FullShape>>;
}

const shapesText = (shapes: Readonly<Record<string, FullShape>>): string =>
  `{${Object.entries(shapes)
    .map(([name, shape]) => `'${name}': [${shape.join(", ")}]`)
    .join(", ")}}`;

function checkSaved(saved: string, target: Exclude<Target, string>, { source, shapes }: Source): void {
  const shape = shapes[saved];
  if (!shape) throw new ValueError(`Tensor ${saved} is not found in ${source} checkpoint ${shapesText(shapes)}`);
  if (target instanceof Variable && !compatible(target.shape, shape)) {
    throw new ValueError(
      `Shape of variable ${target.name} (${formatShapePython(target.shape)}) doesn't match with shape of tensor ${saved} ([${shape.join(", ")}]) from checkpoint reader.`,
    );
  }
}

const known = (): Variable[] => {
  const graph = getDefaultGraph();
  return [
    ...new Set([
      ...graph.getCollection<Variable>(GraphKeys.GLOBAL_VARIABLES),
      ...graph.getCollection<Variable>(GraphKeys.LOCAL_VARIABLES),
    ]),
  ];
};

/** A variable, or the parts of one, by name. */
function variableNamed(name: string): Variable | Variable[] | null {
  const all = known();
  const whole = all.find((variable) => variable.op.name === name);
  if (whole) return whole;
  const parts = all.filter((variable) => variable.op.name.replace(/\/part_\d+$/, "") === name);
  return parts.length ? parts : null;
}

function inScope(saved: string, target: string, { source, shapes }: Source): [string, Variable | Variable[]][] {
  const scope = target.includes("/") ? target.slice(0, target.lastIndexOf("/")) : "";
  if (!saved.endsWith("/")) {
    throw new ValueError(
      `Assignment map with scope only name ${scope} should map to scope only ${saved}. Should be 'scope/': 'other_scope/'.`,
    );
  }
  const names = new Set(
    known()
      .map(({ op }) => op.name)
      .filter((name) => scope === "" || name.startsWith(`${scope}/`))
      .map((name) => name.replace(/\/part_.*$/, "")),
  );
  return [...names].sort().map((name) => {
    let full = name.slice(scope.length);
    if (target !== "/") full = full.slice(1);
    if (saved !== "/") full = saved + full;
    full = full.replace(/\/$/, "");
    if (!shapes[full]) {
      throw new ValueError(
        `Tensor ${full} (${name.slice(scope.length + 1)} in ${saved}) is not found in ${source} checkpoint`,
      );
    }
    return [full, variableNamed(name)!];
  });
}

function initialize(target: Exclude<Target, string>, prefix: string, saved: string): void {
  if (target instanceof Variable) {
    initializeOne(target, prefix, { saved, slice: "" });
    return;
  }
  for (const part of target) initializeOne(part, prefix, { saved, slice: part.saveSliceInfo?.spec ?? "" });
}

function initializeOne(
  variable: Variable,
  prefix: string,
  { saved, slice }: { readonly saved: string; readonly slice: string },
): void {
  const graph = getDefaultGraph();
  const dtype = variable.dtype.baseDtype;
  const restored = graph.device(variable.device, () =>
    graph.device("/cpu:0", () =>
      restoreV2Op(
        { prefix, tensor_names: [saved], shape_and_slices: [slice], dtypes: [dtype] },
        "checkpoint_initializer",
      ),
    ),
  )[0]!;
  let initializer: Operation;
  if (variable.isResource) {
    initializer = graph.device(variable.device, () =>
      assignVariableOp({ resource: variable.handle, value: identity(restored) }),
    );
  } else {
    const assigned = assign(variable, restored);
    initializer = assigned instanceof Tensor ? assigned.op : (assigned as unknown as Operation);
  }
  restored.setShape(variable.shape);
  variable.initializeWith(initializer, restored);
}

checkpointSource.restore = (source, name, variable) => initFromCheckpoint(source, { [name]: variable });
