/** What Python calls the type of a value, as its messages say it. */
const names: Readonly<Record<string, (value: never) => string>> = {
  undefined: () => "NoneType",
  number: (value: number) => (Number.isInteger(value) ? "int" : "float"),
  string: () => "str",
  boolean: () => "bool",
  object: (value: object | null) =>
    value === null ? "NoneType" : Array.isArray(value) ? "list" : value.constructor.name,
};

/** `int`, `float`, `str`, `bool`, `list`, `NoneType`; the class of an object. */
export const pythonType = (value: unknown): string => names[typeof value]?.(value as never) ?? typeof value;
