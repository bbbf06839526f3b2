/** How Node shows our values when they are logged: as Python's print does, which is str() of a value and repr() of what lies in a list. */

/** The key of a method that Node asks for an object's text. */
export const inspectKey: unique symbol = Symbol.for("nodejs.util.inspect.custom");

interface InspectOptions {
  readonly depth?: number | null;
}

/** Is the value printed by itself, not as a part of a list or an object? `depth` and `options` are the arguments of the method. */
export const isOutermost = (depth: number | null | undefined, options: InspectOptions | undefined): boolean =>
  depth === options?.depth;
