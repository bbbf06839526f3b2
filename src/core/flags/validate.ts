/** Checks of flags' values, in absl's words. Source: absl/flags/_validators_classes.py. */
import { printValue } from "../print.ts";
import { FlagError, type FlagValue } from "./value.ts";

/** A reason of one's own why values are refused, thrown by a validator. */
export class ValidationError extends FlagError {
  override name = "ValidationError";

  constructor(message: string, flag = "") {
    super("value", flag, message);
  }
}

export interface Validator {
  readonly names: readonly string[];
  /** Is each flag checked alone, and the value given, or all of them by name? */
  readonly isSingle: boolean;
  readonly check: (values: Readonly<Record<string, FlagValue>>) => unknown;
  readonly message: string;
}

/** Throws FlagError `flag --n=4: must be odd` for the first validator that refuses. */
export function checkValues(validators: readonly Validator[], valueOf: (name: string) => FlagValue): void {
  for (const { names, isSingle, check, message } of validators) {
    const values = Object.fromEntries(names.map((name) => [name, valueOf(name)]));
    const why = reason(() => check(values), message);
    if (why === null) continue;
    const shown = names.map((name) => `${isSingle ? "--" : ""}${name}=${printValue(values[name])}`).join(", ");
    throw new FlagError("value", names[0]!, `${isSingle ? "flag" : "flags"} ${shown}: ${why}`);
  }
}

function reason(check: () => unknown, message: string): string | null {
  try {
    return check() ? null : message;
  } catch (error) {
    if (error instanceof ValidationError) return error.message;
    throw error;
  }
}
