/** Arguments as Python takes them: by position, by name in one object, or the first by position and the others by name. */

const isPlain = (value: unknown): value is object => {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** The arguments as one object; `names` are those of the values by position, in Python's order. */
export function named<O extends object>(given: readonly unknown[], names: readonly (keyof O & string)[]): O {
  const values = [...given];
  const options = isPlain(values.at(-1)) ? (values.pop() as O) : ({} as O);
  const byPosition = values.flatMap((value, i): [string, unknown][] =>
    value === undefined || names[i] === undefined ? [] : [[names[i]!, value]],
  );
  return { ...(Object.fromEntries(byPosition) as O), ...options };
}
