/**
 * Who makes variables here: a creator gets what the program asks for and the next creator, the last of which makes the variable itself.
 *     innermost scope's creator ─► … ─► outermost scope's ─► new Variable
 * Source: variable_v1.py, ops.py, _variable_creator_scope.
 */
import { getDefaultGraph } from "../../../graph/graph.ts";
import { around } from "../../../graph/scopes.ts";
import type { InitialValue, Variable, VariableOptions } from "../variable.ts";

/** What a variable is asked to be. */
export interface CreatorArguments extends VariableOptions {
  readonly initialValue: InitialValue;
}

export type NextCreator = (args: CreatorArguments) => Variable;
export type VariableCreator = (nextCreator: NextCreator, args: CreatorArguments) => Variable;

const creatorsKey = Symbol("variable creators");
const creatorsHere = (): readonly VariableCreator[] =>
  (getDefaultGraph().extras.get(creatorsKey) as readonly VariableCreator[] | undefined) ?? [];

/** Variables of the default graph that fn makes are made by this creator, which may change what is asked for, or give another variable. */
export function variableCreatorScope<R>(variableCreator: VariableCreator, fn: () => R): R {
  const { extras } = getDefaultGraph();
  const outer = creatorsHere();
  extras.set(creatorsKey, [...outer, variableCreator]);
  return around(fn, () => {
    extras.set(creatorsKey, outer);
  });
}

/** What the last creator asks for goes past all creators. */
const made = new WeakSet<object>();

/** The variable that the creators here make; null where there are none, or they have been asked already. */
export function createdVariable(
  initialValue: InitialValue,
  options: VariableOptions,
  make: (initialValue: InitialValue, options: VariableOptions) => Variable,
): Variable | null {
  if (made.has(options)) return null;
  const creators = creatorsHere();
  if (creators.length === 0) return null;
  const last: NextCreator = ({ initialValue: value, ...rest }) => {
    made.add(rest);
    return make(value, rest);
  };
  const first = creators.reduce<NextCreator>((next, creator) => (args) => creator(next, args), last);
  return first({ ...options, initialValue });
}
