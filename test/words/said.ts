/** What a statement says, in the form that test/fixtures/words/words.py writes. */
import { printValue } from "../../src/core/print.ts";
import type { Statement } from "./statement.ts";

/** What the statement comes to, in the form of test/fixtures/words. */
export async function said(statement: Statement): Promise<readonly string[]> {
  try {
    const value = await statement();
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
    return ["value", printedValue(value)];
  } catch (error) {
    const { name, message } = error as Error;
    return [name, message.replace(/(Originally defined at:)[\s\S]*/, "$1").replace(/'_\d+_(?=\w)/g, "'")];
  }
}

const printedValue = (value: unknown): string =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? String(value) : printValue(value);
