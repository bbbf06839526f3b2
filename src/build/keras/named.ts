/** Functions that Keras also knows by a name: a table of them, and the error for a name that is not in it. */
import { ValueError } from "../../core/error.ts";
import { nameOfKind } from "./state.ts";

/** The function of this name, or the function itself. Names may be in Python's or in class's spelling: "he_normal", "HeNormal". */
export function byName<F extends object>(kind: string, table: Readonly<Record<string, F>>, identifier: string | F): F {
  if (typeof identifier !== "string") return identifier;
  const found = table[identifier] ?? table[identifier.toLowerCase()] ?? table[nameOfKind(identifier)];
  if (found) return found;
  throw new ValueError(
    `Unknown ${kind}: '${identifier}'. Please ensure you are using a name that Keras has: ${Object.keys(table).join(", ")}.`,
  );
}
