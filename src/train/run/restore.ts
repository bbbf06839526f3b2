/** A model's graph with the values of a checkpoint: to look at, evaluate, fetch from. */

import { getOrCreateGlobalStep } from "../../build/global_step.ts";
import {
  globalVariables,
  globalVariablesInitializer,
  localVariablesInitializer,
} from "../../build/variables/initialize.ts";
import { NotFoundError } from "../../core/error.ts";
import type { FlagSpecs, FlagsOf } from "../../core/flags/value.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { formatShape, isFull, sameShape } from "../../core/shape.ts";
import { suggestNames } from "../../core/suggest.ts";
import { Graph } from "../../graph/graph.ts";
import { BundleReader } from "../../io/checkpoint/bundle_reader.ts";
import { Session } from "../../session/session.ts";
import { type BuiltModel, buildModel, type ModelDefinition } from "../model.ts";
import { Saver } from "../saver.ts";

export interface RestoreOptions {
  readonly model: ModelDefinition;
  readonly modelFlags: FlagsOf<FlagSpecs>;
  readonly seed: number;
  readonly checkpoint: string;
  /** Variables that the checkpoint lacks are initialized instead. */
  readonly ignoreMissing: boolean;
  /** Prefix in the checkpoint -> prefix in the graph. */
  readonly renames: readonly (readonly [string, string])[];
}

/** What of a checkpoint does not fit a graph. */
export interface Misfit {
  readonly name: string;
  readonly problem: "shape" | "dtype" | "missing";
  readonly inCheckpoint: string;
  readonly inGraph: string;
  readonly nearest: string | undefined;
}

export class CheckpointMisfit extends Error {
  override name = "CheckpointMisfit";
  readonly misfits: readonly Misfit[];
  readonly exit = 6;
  /** TensorFlow's code: NOT_FOUND where variables are missing and nothing else is wrong. */
  readonly code: "NOT_FOUND" | "INVALID_ARGUMENT";

  constructor(misfits: readonly Misfit[]) {
    super("the checkpoint does not fit the graph");
    this.misfits = misfits;
    this.code = misfits.every(({ problem }) => problem === "missing") ? "NOT_FOUND" : "INVALID_ARGUMENT";
  }
}

export interface Restored {
  readonly graph: Graph;
  readonly sess: Session;
  readonly model: BuiltModel;
  readonly step: number;
  readonly variables: number;
  readonly notes: readonly string[];
}

/** Builds the model's graph and restores the checkpoint into a session. Throws CheckpointMisfit with every difference. */
export async function restoreModel(options: RestoreOptions): Promise<Restored> {
  const graph = new Graph();
  graph.seed = options.seed;
  return graph.asDefault(async () => {
    const notes: string[] = [];
    const model = buildModel(options.model, options.modelFlags, {
      seed: options.seed,
      note: (text) => notes.push(text),
    });
    const globalStep = getOrCreateGlobalStep();
    const initializers = [globalVariablesInitializer(), localVariablesInitializer()];
    const { known, nameIn } = await checkFit(options);
    if (known.length === 0) throw new NotFoundError(`${options.checkpoint} holds none of the graph's variables`);
    const saver = new Saver({
      varList: Object.fromEntries(known.map((variable) => [nameIn(variable.op.name), variable])),
    });
    const sess = new Session({ graph });
    await sess.run(initializers as never);
    await saver.restore(sess, options.checkpoint);
    const step = Number(await sess.run(globalStep as never));
    return { graph, sess, model, step, variables: known.length, notes };
  });
}

/** What a checkpoint and a graph have in common. */
export interface Fit {
  readonly known: GlobalVariable[];
  /** The name of a variable in the checkpoint. */
  readonly nameIn: (variable: string) => string;
  /** Variables that the checkpoint lacks. */
  readonly missing: readonly string[];
  /** Tensors of the checkpoint that the graph has no variable for. */
  readonly unused: number;
}

/**
 * Which variables of the default graph a checkpoint holds, and under which names. Throws CheckpointMisfit with every shape and dtype
 * that differs, and every variable that is missing unless that is allowed.
 */
export async function checkFit(
  options: Pick<RestoreOptions, "checkpoint"> & Partial<Pick<RestoreOptions, "ignoreMissing" | "renames">>,
): Promise<Fit> {
  const reader = await BundleReader.open(options.checkpoint);
  const renamed = new Map<string, string>();
  const nameIn = (variable: string): string => renamed.get(variable) ?? variable;
  try {
    const variables = globalVariables();
    for (const { op } of variables) {
      const rename = options.renames?.find(([, to]) => op.name.startsWith(to));
      if (rename && !reader.has(op.name)) renamed.set(op.name, rename[0] + op.name.slice(rename[1].length));
    }
    const misfits = variables.flatMap((variable) => misfitOf(variable, nameIn(variable.op.name), reader));
    const blocking = options.ignoreMissing ? misfits.filter((misfit) => misfit.problem !== "missing") : misfits;
    if (blocking.length) throw new CheckpointMisfit(blocking);
    const missing = new Set(misfits.map((misfit) => misfit.name));
    const known = variables.filter((variable) => !missing.has(variable.op.name));
    const read = new Set(known.map((variable) => nameIn(variable.op.name)));
    const unused = reader.names().filter((name) => !read.has(name)).length;
    return { known, nameIn, missing: [...missing], unused };
  } finally {
    reader.close();
  }
}

type GlobalVariable = ReturnType<typeof globalVariables>[number];

function misfitOf(variable: GlobalVariable, key: string, reader: BundleReader): Misfit[] {
  const graphText = `${formatShape(variable.shape)} ${variable.dtype.baseDtype.name}`;
  const base = { name: variable.op.name, inGraph: graphText };
  if (!reader.has(key)) {
    return [
      {
        ...base,
        problem: "missing",
        inCheckpoint: "missing in the checkpoint",
        nearest: suggestNames(key, reader.names())[0],
      },
    ];
  }
  const { dtype, shape } = reader.entry(key);
  const text = `${formatShape(shape)} ${dtype.name}`;
  if (dtype !== variable.dtype.baseDtype)
    return [{ ...base, problem: "dtype", inCheckpoint: text, nearest: undefined }];
  if (variable.shape && isFull(variable.shape) && !sameShape(variable.shape, shape))
    return [{ ...base, problem: "shape", inCheckpoint: text, nearest: undefined }];
  return [];
}

/** Names and values that tell at a glance what was restored: the model's own choice, else its small trainable variables. */
export async function shownValues({ sess, model, graph }: Restored): Promise<[string, NdArray][]> {
  const chosen = graph.asDefault(() => Object.entries(model.show ?? smallVariables()));
  if (chosen.length === 0) return [];
  const values = (await sess.run(chosen.map(([, tensor]) => tensor) as never)) as NdArray[];
  return chosen.map(([name], i) => [name, values[i]!]);
}

function smallVariables(): Record<string, GlobalVariable> {
  const small = globalVariables().filter(
    (variable) =>
      variable.trainable && variable.shape && isFull(variable.shape) && variable.shape.reduce((n, d) => n * d, 1) <= 16,
  );
  return Object.fromEntries(small.slice(0, 8).map((variable) => [variable.op.name, variable]));
}
