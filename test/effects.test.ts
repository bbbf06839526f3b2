/**
 * Modules that change others when they start are imported for that, by src/index.ts or by those that need it: the bundle runs all else
 * only when it is asked for, and what starts with the library as soon as the module that it changes has run.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { changedNames } from "../scripts/bundle/effects.mjs";

const root = join(import.meta.dirname, "..");
const sources = readdirSync(join(root, "src"), { recursive: true })
  .map((name) => join("src", String(name)))
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"));
const text = (path: string): string => readFileSync(join(root, path), "utf8");

const importsOf = (path: string): { names: string[]; from: string }[] =>
  [...text(path).matchAll(/^import (?!type)([^"]*?)(?:from )?"(\.[^"]+)";/gm)].map(([, names, from]) => ({
    names: [...names!.matchAll(/\w+/g)].map(([name]) => name),
    from: join(dirname(path), from!),
  }));

function changesOthers(path: string): boolean {
  const imported = new Set(importsOf(path).flatMap(({ names }) => names));
  return changedNames(text(path)).some((name) => imported.has(name));
}

/** What runs when src/index.ts does. Lists of names, src/api and src/ops/index.ts, run nothing. */
function startedWith(entry: string): Set<string> {
  const found = new Set([entry]);
  for (const path of found)
    for (const { from } of importsOf(path)) if (!/^src\/(api\/|ops\/index)/.test(from)) found.add(from);
  return found;
}

test("what changes other modules runs with src/index.ts, or is imported for its effects", () => {
  const changing = sources.filter((path) => !/^src\/(cli|ui)\//.test(path) && changesOthers(path));
  expect(changing.length).toBeGreaterThan(5);
  const started = startedWith(join("src", "index.ts"));
  for (const path of sources) for (const { names, from } of importsOf(path)) if (names.length === 0) started.add(from);
  expect(changing.filter((path) => !started.has(path))).toEqual([]);
});
