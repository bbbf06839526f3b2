/**
 * The nodes of a Saver:
 *     save/filename, save/Const            the prefix, fed
 *     save/SaveV2 ─► save/control_dependency
 *     save/RestoreV2 ─► save/Assign… ─► save/restore_all
 * Sharded: one SaveV2 a device into `<prefix>_temp/part-…`, then MergeV2Checkpoints. Source: tensorflow/python/training/saver.py.
 */
import type { DType } from "../core/dtype.ts";
import { TypeError, ValueError } from "../core/error.ts";
import { isFull } from "../core/shape.ts";
import { getDefaultGraph } from "../graph/graph.ts";
import type { Operation } from "../graph/operation.ts";
import { Tensor } from "../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../ops/convert.ts";
import {
  assignOp,
  assignVariableOp,
  constant,
  disableCopyOnReadOp,
  group,
  identity,
  mergeV2CheckpointsOp,
  placeholderWithDefault,
  readVariableOp,
  reshape,
  restoreV2Op,
  saveSlicesOp,
  saveV2Op,
  shape as shapeOf,
  shardedFilenameOp,
  shardedFilespecOp,
  staticRegexFullMatchOp,
  stringJoin,
  where,
  withDependencies,
} from "../ops/index.ts";
import { SaveableObject } from "./saveable.ts";
import { PartitionedVariable } from "./variables/partitioned.ts";
import { Variable } from "./variables/variable.ts";

export type Saved = Variable | PartitionedVariable | Tensor | SaveableObject;
/** Variables, or variables by their names in the checkpoint. */
export type SavedVariables = readonly Saved[] | Readonly<Record<string, Saved | readonly Variable[]>>;

/** One tensor of a checkpoint. */
interface Spec {
  readonly name: string;
  readonly slice: string;
  readonly dtype: DType;
  /** The node whose value is written; made when asked for. */
  readonly tensor: () => Tensor;
}

/** What is saved and restored as one: a variable has one tensor, a table two. */
interface Saveable {
  readonly specs: readonly Spec[];
  readonly device: string;
  readonly restore: (values: readonly Tensor[], reshaped: TensorLike | null) => Operation | Tensor;
}

/** A saveable of one tensor. */
const single = (
  spec: Spec,
  device: string,
  restore: (value: Tensor, reshaped: TensorLike | null) => Operation | Tensor,
): Saveable => ({ specs: [spec], device, restore: ([value], reshaped) => restore(value!, reshaped) });

export interface SaverNodes {
  readonly filename: Tensor;
  readonly save: Tensor;
  readonly restore: Operation;
}

const byText =
  <T>(key: (item: T) => string) =>
  (a: T, b: T): number =>
    key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0;

export interface SaverNodeOptions {
  readonly name?: string | undefined;
  readonly filename?: string | undefined;
  readonly sharded: boolean;
  readonly reshape: boolean;
  /** Other keys in the checkpoint than the names of the variables. */
  readonly keys?: ReadonlyMap<string, string> | undefined;
  /** Writes files of the first version. */
  readonly isFirstVersion?: boolean | undefined;
}

const namedItems = (variables: SavedVariables): [string, Saved | readonly Variable[]][] => {
  const named = Array.isArray(variables)
    ? listToNames(variables as readonly Saved[])
    : new Map(Object.entries(variables));
  return [...named].sort(byText(([name]) => name));
};

/** The names under which variables are saved. */
export const savedNames = (variables: SavedVariables): string[] =>
  namedItems(variables).flatMap(([name, item]) =>
    item instanceof SaveableObject ? item.specs.map((spec) => spec.name) : [name],
  );

/** Throws TypeError or ValueError in Python's words for what cannot be saved. */
export function makeSaverNodes(variables: SavedVariables, options: SaverNodeOptions): SaverNodes {
  const { keys, isFirstVersion = false } = options;
  const saveables = namedItems(variables)
    .flatMap(([name, item]) => saveablesOf(name, item))
    .map((each) =>
      keys ? { ...each, specs: each.specs.map((spec) => ({ ...spec, name: keys.get(spec.name)! })) } : each,
    );
  checkOnce(saveables);
  return getDefaultGraph().nameScope(options.name || "save", () => {
    const given = placeholderWithDefault(options.filename || "model", [], { name: "filename" });
    const filename = placeholderWithDefault(given, [], { name: "Const" });
    if (!options.sharded) {
      return {
        filename,
        save: saveNodes(filename, saveables, isFirstVersion),
        restore: restoreNodes(filename, saveables, options.reshape, "restore_all"),
      };
    }
    const shards = byDevice(saveables);
    return {
      filename,
      save: isFirstVersion ? firstVersionShards(filename, shards) : shardedSaveNodes(filename, shards),
      restore: shardedRestoreNodes(filename, shards, options.reshape),
    };
  });
}

function listToNames(list: readonly Saved[]): Map<string, Saved | Variable[]> {
  const names = new Map<string, Saved | Variable[]>();
  const put = (name: string, item: Saved): void => {
    if (names.has(name)) throw new ValueError(`At least two variables have the same name: ${name}`);
    names.set(name, item);
  };
  for (const item of [...list].sort(byText((each) => each.name))) {
    const slice = item instanceof Variable ? item.saveSliceInfo : null;
    if (item instanceof PartitionedVariable || item instanceof SaveableObject) put(item.name, item);
    else if (slice) {
      const known = names.get(slice.fullName);
      if (known === undefined) names.set(slice.fullName, [item as Variable]);
      else if (Array.isArray(known)) known.push(item as Variable);
      else throw new ValueError(`Mixing slices and non-slices with the same name: ${slice.fullName}`);
    } else put(variableOpOf(item).name, item);
  }
  return names;
}

/** The node of the variable itself. Throws TypeError when there is none. */
function variableOpOf(item: Saved): Operation {
  if (item instanceof Variable) return item.op;
  const { op } = item as Tensor;
  if (item instanceof Tensor && op.definition.variable) return op;
  const behind = op?.inputs?.[0]?.op;
  if (behind?.definition.variable === "resource") return behind;
  throw new TypeError(`Variable to save is not a Variable: ${String(item)}`);
}

function saveablesOf(name: string, item: Saved | readonly Variable[]): Saveable[] {
  if (item instanceof PartitionedVariable || Array.isArray(item))
    return slicesOf(name, [...(item as Iterable<Variable>)]);
  if (item instanceof SaveableObject) return [ofObject(item)];
  const one = item as Variable | Tensor;
  if (one instanceof Variable)
    return [one.isResource ? ofResource(name, "", one.asGraphElement()) : ofReference(name, "", one.handle)];
  const tensor = convertToTensor(one, { asRef: true });
  try {
    variableOpOf(tensor);
  } catch {
    throw new TypeError(
      `names_to_saveables must be a dict mapping string names to Tensors/Variables. Not a variable: ${tensor}`,
    );
  }
  return [tensor.dtype.isRef ? ofReference(name, "", tensor) : ofResource(name, "", tensor)];
}

function slicesOf(name: string, parts: readonly Variable[]): Saveable[] {
  let fullName: string | undefined;
  return parts.map((part) => {
    if (!(part instanceof Variable)) throw new ValueError(`Slices must all be Variables: ${String(part)}`);
    const info = part.saveSliceInfo;
    if (!info) throw new ValueError(`Slices must all be slices: ${part}`);
    fullName ??= info.fullName;
    if (fullName !== info.fullName)
      throw new ValueError(`Slices must all be from the same tensor: ${fullName} != ${info.fullName}`);
    return part.isResource
      ? ofResourceSlice(name, info.spec, part)
      : ofReference(name, info.spec, part.handle, () => part.value());
  });
}

const ofObject = ({ specs, device, restore }: SaveableObject): Saveable => ({
  specs: specs.map(({ name, tensor }) => ({ name, slice: "", dtype: tensor.dtype, tensor: () => tensor })),
  device,
  restore,
});

const ofReference = (name: string, slice: string, ref: Tensor, tensor = (): Tensor => ref): Saveable =>
  single({ name, slice, dtype: ref.dtype.baseDtype, tensor }, ref.device, (value, reshaped) => {
    const restored = reshaped === null ? value : reshape(value, reshaped);
    return assignOp({ ref, value: restored, validate_shape: reshaped === null && isFull(ref.shape) });
  });

function assignResource(handle: Tensor, device: string) {
  return (value: Tensor, reshaped: TensorLike | null): Operation => {
    const restored = reshaped === null ? value : reshape(value, reshaped);
    return getDefaultGraph().device(device, () => assignVariableOp({ resource: handle, value: identity(restored) }));
  };
}

const ofResource = (name: string, slice: string, read: Tensor): Saveable =>
  single(
    { name, slice, dtype: read.dtype, tensor: () => read },
    read.device,
    assignResource(read.op.inputs[0]!, read.device),
  );

const ofResourceSlice = (name: string, slice: string, variable: Variable): Saveable => {
  const tensor = (): Tensor => {
    const graph = getDefaultGraph();
    return graph.device(variable.device, () => {
      const value = graph.nameScope("Read", () => {
        disableCopyOnReadOp({ resource: variable.handle });
        return readVariableOp({ resource: variable.handle, dtype: variable.dtype });
      });
      const copy = identity(value);
      return graph.device("/device:CPU:0", () => identity(copy));
    });
  };
  const { device, dtype, handle } = variable;
  return single({ name, slice, dtype, tensor }, device, assignResource(handle, device));
};

const specsOf = (saveables: readonly Saveable[]): Spec[] => saveables.flatMap((saveable) => saveable.specs);

function checkOnce(saveables: readonly Saveable[]): void {
  const names = new Set<string>();
  for (const { name, slice } of specsOf(saveables)) {
    const key = `${name} ${slice}`;
    if (names.has(key)) throw new ValueError(`The same saveable will be restored with two names: ${name}`);
    names.add(key);
  }
}

function saveNodes(filename: Tensor, saveables: readonly Saveable[], isFirstVersion = false): Tensor {
  const specs = specsOf(saveables);
  const tensors = specs.map((each) => each.tensor());
  if (isFirstVersion) {
    const tensor_names = specs.map((each) => each.name);
    const shapes_and_slices = specs.map((each) => each.slice);
    const saved = saveSlicesOp({ filename, tensor_names, shapes_and_slices, data: tensors }, "save");
    return withDependencies([saved], filename);
  }
  const saved = saveV2Op({
    prefix: filename,
    tensor_names: specs.map((each) => each.name),
    shape_and_slices: specs.map((each) => each.slice),
    tensors,
    dtypes: tensors.map((tensor) => tensor.dtype.baseDtype),
  });
  return withDependencies([saved], filename);
}

function restoreNodes(filename: Tensor, saveables: readonly Saveable[], reshapes: boolean, name: string): Operation {
  const specs = specsOf(saveables);
  const values = getDefaultGraph().device("cpu:0", () =>
    restoreV2Op({
      prefix: filename,
      tensor_names: specs.map((each) => each.name),
      shape_and_slices: specs.map((each) => each.slice),
      dtypes: specs.map((each) => each.dtype),
    }),
  );
  let at = 0;
  const assigned = saveables.map((each) => {
    const own = values.slice(at, at + each.specs.length);
    at += own.length;
    return each.restore(own, reshapes ? shapeToRestore(each.specs[0]!.tensor()) : null);
  });
  return group(...assigned, { name });
}

const shapeToRestore = (tensor: Tensor): TensorLike => (isFull(tensor.shape) ? [...tensor.shape] : shapeOf(tensor));

type Shards = readonly (readonly [device: string, saveables: readonly Saveable[]])[];

function byDevice(saveables: readonly Saveable[]): Shards {
  const groups = new Map<string, Saveable[]>();
  for (const saveable of saveables) groups.set(saveable.device, [...(groups.get(saveable.device) ?? []), saveable]);
  return [...groups].sort(byText(([device]) => device));
}

/** The CPU of the same task. */
const onCpu = (device: string): string => `${device.replace(/\/device:.*$/, "")}/device:CPU:0`;

function shardedSaveNodes(filename: Tensor, shards: Shards): Tensor {
  const graph = getDefaultGraph();
  const temporary = graph.device("CPU", () => {
    const isBucket = staticRegexFullMatchOp({ input: filename, pattern: "^s3://.*" });
    const suffix = where(isBucket, constant(".part"), constant("_temp/part")) as Tensor;
    return stringJoin([filename, suffix]);
  });
  const count = constant(shards.length, { name: "num_shards" });
  const prefixes: Tensor[] = [];
  const saved = shards.map(([device, saveables], i) =>
    graph.device(onCpu(device), () => {
      const prefix = shardedFilenameOp({ basename: temporary, shard: i, num_shards: count });
      prefixes.push(prefix);
      return saveNodes(prefix, saveables);
    }),
  );
  return graph.controlDependencies(saved, () =>
    graph.device(onCpu(shards.at(-1)?.[0] ?? ""), () => {
      const merged = mergeV2CheckpointsOp({
        checkpoint_prefixes: prefixes,
        destination_prefix: filename,
        delete_old_dirs: true,
      });
      return graph.controlDependencies([merged], () => identity(filename));
    }),
  );
}

/** One file for each device: `model-00000-of-00002`. */
function firstVersionShards(filename: Tensor, shards: Shards): Tensor {
  const graph = getDefaultGraph();
  const count = constant(shards.length, { name: "num_shards" });
  const saved = shards.map(([device, saveables], i) =>
    graph.device(device, () =>
      saveNodes(shardedFilenameOp({ basename: filename, shard: i, num_shards: count }), saveables, true),
    ),
  );
  return graph.controlDependencies(saved, () => shardedFilespecOp({ basename: filename, num_shards: count }));
}

function shardedRestoreNodes(filename: Tensor, shards: Shards, reshapes: boolean): Operation {
  const graph = getDefaultGraph();
  const restored = shards.map(([device, saveables]) =>
    graph.device(device, () => restoreNodes(filename, saveables, reshapes, "restore_shard")),
  );
  return group(...restored, { name: "restore_all" });
}
