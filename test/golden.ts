/** Where the goldens that real TensorFlow wrote lie: beside the checkout. Tests that need them say so and go on where they are not. */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "../../shared/oracle/golden");

export const hasGoldens = existsSync(root);

if (!hasGoldens) process.stderr.write("goldens of the oracle are not beside this checkout: their tests are skipped\n");

export const goldenPath = (...parts: string[]): string => resolve(root, ...parts);

export const readGolden = <T>(...parts: string[]): T => JSON.parse(readFileSync(goldenPath(...parts), "utf8")) as T;
