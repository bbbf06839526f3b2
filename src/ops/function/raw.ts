/** tf.raw_ops: every op by its own name, with TensorFlow's names of its inputs and attrs: `tf.rawOps.MatMul({ a, b, transpose_a: true })`. */
import { AttributeError, TypeError } from "../../core/error.ts";
import type { OpDefinition } from "../../graph/definition.ts";
import { allDefinitions, findDefinition } from "../../graph/op/registry.ts";
import { applyOp } from "../apply.ts";

/** Inputs and attrs, in TensorFlow's spelling or in camelCase, and a name. */
export type RawArguments = Readonly<Record<string, unknown>> & { readonly name?: string | undefined };

/** What an op gives: its operation, its output, or its outputs by name. */
// biome-ignore lint/suspicious/noExplicitAny: which one follows from the op
export type RawOp = (args?: RawArguments) => any;

const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The name of the function in Python: `MatMul` is mat_mul. */
const pythonName = (type: string): string =>
  type
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();

function rawOp(definition: OpDefinition): RawOp {
  const type = pythonName(definition.type);
  return (args = {}, ...others: readonly unknown[]) => {
    const names = [...definition.inputs, ...definition.attrs].map((each) => each.name);
    const isRecord = typeof args === "object" && args !== null && Object.getPrototypeOf(args) === Object.prototype;
    if (!isRecord || others.length > 0) {
      const inferred = new Set(
        definition.inputs.flatMap(({ typeAttr, numberAttr, typeListAttr }) => [typeAttr, numberAttr, typeListAttr]),
      );
      const keys = [...names.filter((name) => !inferred.has(name)), "name"].map((name) => `'${name}'`).join(", ");
      throw new TypeError(
        `${type} only takes keyword args (possible keys: [${keys}]). Please pass these args as kwargs instead.`,
      );
    }
    const known = new Map(names.flatMap((name) => [[name, name] as const, [camel(name), name] as const]));
    const { name, ...given } = args;
    const record: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(given)) {
      const own = known.get(key);
      if (own === undefined) throw new TypeError(`${type}() got an unexpected keyword argument '${key}'`);
      record[own] = value;
    }
    return applyOp(definition, record, name);
  };
}

const made = new Map<string, RawOp>();

/** All ops by name. Throws AttributeError for a name that no op has. */
export const rawOps: Readonly<Record<string, RawOp>> = new Proxy({} as Record<string, RawOp>, {
  get(_, name) {
    if (typeof name !== "string" || name === "then") return undefined;
    const known = made.get(name);
    if (known) return known;
    const definition = findDefinition(name);
    if (!definition) throw new AttributeError(`module 'tensorflow.raw_ops' has no attribute '${name}'`);
    const op = rawOp(definition);
    made.set(name, op);
    return op;
  },
  has: (_, name) => typeof name === "string" && findDefinition(name) !== undefined,
  ownKeys: () => [...allDefinitions()].map(({ type }) => type).sort(),
  getOwnPropertyDescriptor: (_, name) =>
    typeof name === "string" && findDefinition(name) ? { configurable: true, enumerable: true } : undefined,
});
