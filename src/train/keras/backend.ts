/** `tf.keras.backend`: the session of Keras models, and the values of their variables. Source: tf_keras/src/backend.py. */

import { values } from "../../build/keras/values.ts";
import { globalVariables } from "../../build/variables/initialize.ts";
import { isVariableInitialized } from "../../build/variables/state.ts";
import { Variable } from "../../build/variables/variable.ts";
import type { NdArray } from "../../core/nd_array.ts";
import { type Graph, getDefaultGraph, resetDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { defaultSession } from "../../graph/scopes.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Literal } from "../../ops/convert.ts";
import { Session } from "../../session/session.ts";

const sessions = new WeakMap<Graph, Session>();
const initialized = new WeakMap<Session, Set<Variable>>();

/** The default session, the one of setSession, or one of Keras' own for the default graph. */
export function getSession(): Session {
  const current = defaultSession();
  if (current instanceof Session) return current;
  const graph = getDefaultGraph();
  let session = sessions.get(graph);
  if (!session) {
    session = new Session({ graph });
    sessions.set(graph, session);
  }
  return session;
}

/** Models of this session's graph run in it from now on. */
export function setSession(session: Session): void {
  sessions.set(session.graph, session);
}

/** Drops the default graph with its models, and begins a new one. */
export function clearSession(): void {
  sessions.get(getDefaultGraph())?.close();
  resetDefaultGraph();
}

/** Gives those of the variables that have no value yet their initial one. */
export async function initialize(session: Session, variables: readonly Variable[]): Promise<void> {
  if (isManual) return;
  const known = initialized.get(session) ?? new Set<Variable>();
  initialized.set(session, known);
  const unknown = variables.filter((variable) => !known.has(variable));
  if (unknown.length === 0) return;
  const has = await session.run(unknown.map((variable) => stored(variable) ?? isVariableInitialized(variable)));
  await session.run(unknown.filter((_, i) => !has[i]!.item()).map((variable) => variable.initializer));
  for (const variable of unknown) known.add(variable);
}

/** A resource variable has the question among its nodes. */
const stored = (variable: Variable) =>
  variable.isResource ? variable.graph.getTensorByName(`${variable.op.name}/IsInitialized/VarIsInitializedOp:0`) : null;

/** The values of variables, which are initialized if they were not. */
export async function batchGetValue(variables: readonly Variable[]): Promise<NdArray[]> {
  if (variables.length === 0) return [];
  if (getDefaultGraph().isEager) return variables.map((variable) => variable.numpy());
  const session = getSession();
  await initialize(session, variables);
  return (await session.run(variables.map((variable) => variable.asGraphElement()))) as NdArray[];
}

export const getValue = async (variable: Variable): Promise<NdArray> => (await batchGetValue([variable]))[0]!;

/** Sets variables, without new nodes. */
export async function batchSetValue(pairs: readonly (readonly [Variable, Literal])[]): Promise<void> {
  if (getDefaultGraph().isEager) {
    for (const [variable, value] of pairs) variable.assign(value);
    return;
  }
  const session = getSession();
  await initialize(
    session,
    pairs.map(([variable]) => variable),
  );
  for (const [variable, value] of pairs) await variable.load(value, session);
}

export const setValue = (variable: Variable, value: Literal): Promise<void> => batchSetValue([[variable, value]]);

let isManual = false;

/** True: variables get their initial values from the program alone, not when they are first used. */
export function manualVariableInitialization(value: boolean): void {
  isManual = value;
}

/** The value of a tensor or a variable. */
export async function evaluated(x: Tensor | Variable): Promise<NdArray> {
  if (x instanceof Variable) return await getValue(x);
  if (getDefaultGraph().isEager) return (x as Tensor & { numpy(): NdArray }).numpy();
  const session = getSession();
  await initialize(session, globalVariables());
  return (await session.run(x)) as NdArray;
}

type Function = (inputs: readonly Literal[]) => Promise<NdArray[]>;
/** A function of values of placeholders that gives those of the outputs, and runs the updates. */
export function functionOf(
  inputs: readonly Tensor[],
  outputs: readonly Tensor[] | Tensor,
  options: { readonly updates?: readonly (Tensor | Operation | readonly [Variable, Tensor])[] } = {},
): Function {
  const wanted = Array.isArray(outputs) ? (outputs as readonly Tensor[]) : [outputs as Tensor];
  const updates = (options.updates ?? []).map((update) =>
    Array.isArray(update) ? (update[0] as Variable).assign(update[1] as Tensor).op : (update as Tensor | Operation),
  );
  return async (given) => {
    const session = getSession();
    await initialize(session, globalVariables());
    const feedDict = inputs.map((input, i) => [input, given[i]!] as const);
    const results = (await session.run([...wanted, ...updates], { feedDict })) as NdArray[];
    return results.slice(0, wanted.length);
  };
}

values.get = batchGetValue;
values.set = batchSetValue;
