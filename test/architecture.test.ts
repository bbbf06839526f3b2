/** The layout of the project as data: who may import whom, sizes of files and folders, and where op names may stand. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { allDefinitions } from "../src/graph/op/registry.ts";
import "../src/index.ts";

const root = resolve(import.meta.dirname, "..");

/** folder -> folders it may import (itself included), and single files beside them. */
const may: Readonly<Record<string, readonly string[]>> = {
  "src/core": ["package.json"],
  "src/io": ["src/core"],
  "src/proto": ["src/core"],
  "src/engine": ["src/core"],
  "src/graph": ["src/core", "src/proto", "src/engine/lowering.ts", "src/engine/primitive.ts"],
  "src/ops": ["src/core", "src/io", "src/proto", "src/graph", "src/engine/lowering.ts", "src/engine/primitive.ts"],
  "src/build": ["src/core", "src/proto", "src/graph", "src/ops"],
  "src/session": ["src/core", "src/proto", "src/graph", "src/engine"],
  "src/eager": ["src/core", "src/graph", "src/ops", "src/build", "src/session", "src/engine"],
  "src/train": ["src/core", "src/io", "src/proto", "src/graph", "src/build", "src/session", "src/ops"],
  "src/api": [
    "src/core",
    "src/io",
    "src/proto",
    "src/graph",
    "src/ops",
    "src/build",
    "src/session",
    "src/eager",
    "src/train",
  ],
  "src/index.ts": [
    "src/api",
    "src/core",
    "src/io",
    "src/proto",
    "src/graph",
    "src/ops",
    "src/build",
    "src/session",
    "src/eager",
    "src/train",
  ],
  models: ["src/index.ts", "models"],
  "src/ui": ["src/core", "src/train/report.ts"],
  "src/cli": ["src", "models"],
};

const maxLines = 400;
const maxFiles = 12;

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    if (name === "generated") return [];
    return statSync(join(root, path)).isDirectory() ? filesBelow(path) : /\.tsx?$/.test(name) ? [path] : [];
  });
}

const files = [...filesBelow("src"), ...filesBelow("models")];
const textOf = (path: string): string => readFileSync(join(root, path), "utf8");
const ownerOf = (path: string): string | undefined =>
  Object.keys(may)
    .filter((folder) => path === folder || path.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0];

const importsOf = (path: string): string[] =>
  [...textOf(path).matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) =>
    relative(root, resolve(root, dirname(path), match[1]!)),
  );

describe("layout", () => {
  test("imports follow the table", () => {
    const wrong = files.flatMap((path) => {
      const owner = ownerOf(path);
      if (!owner) return [`${path}: no row in the table`];
      const allowed = [owner, ...may[owner]!];
      return importsOf(path)
        .filter((target) => !allowed.some((place) => target === place || target.startsWith(`${place}/`)))
        .map((target) => `${path} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  test(`files have at most ${maxLines} lines, folders at most ${maxFiles} files`, () => {
    const long = files.filter((path) => textOf(path).split("\n").length - 1 > maxLines);
    const counts = new Map<string, number>();
    for (const path of files) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
    const full = [...counts]
      .filter(([folder, count]) => count > maxFiles && folder !== "src/api")
      .map(([folder, count]) => `${folder}: ${count} files`);
    expect(long).toEqual([]);
    expect(full).toEqual([]);
  });

  test("names of ops stand in src/ops alone", () => {
    const names = new Set([...allDefinitions()].map((definition) => definition.type));
    const common = new Set([
      "Add",
      "Exit",
      "Enter",
      "Abort",
      "Stage",
      "Print",
      "Select",
      "Range",
      "Max",
      "Min",
      "Any",
      "All",
      "Sum",
      "Where",
      "Shape",
      "Size",
      "Switch",
      "Merge",
      "Batch",
    ]);
    const wrong = files
      .filter((path) => !path.startsWith("src/ops/") && !path.startsWith("src/cli/") && !path.startsWith("src/ui/"))
      .flatMap((path) =>
        [...textOf(path).matchAll(/(?:type|op)\s*[!=]==?\s*"([A-Z]\w+)"/g)]
          .filter((match) => names.has(match[1]!) && !common.has(match[1]!))
          .map((match) => `${path}: ${match[0]}`),
      );
    expect(wrong).toEqual([]);
  });

  test("only io touches the disk, only cli and host the process", () => {
    const wrong = files.flatMap((path) => {
      const text = textOf(path);
      const faults: string[] = [];
      if (/from "node:fs(\/promises)?"/.test(text) && !path.startsWith("src/io/"))
        faults.push(`${path} imports node:fs`);
      const speaks =
        path.startsWith("src/cli/") || path === "src/core/host.ts" || path.startsWith("src/engine/wasm/worker");
      if (!speaks && /(^|[^.\w"'`-])process\.(env|argv|stdout|stderr|exit|on)\b/m.test(text))
        faults.push(`${path} uses process`);
      if (!speaks && /(^|[^.\w])console\./m.test(text)) faults.push(`${path} uses console`);
      return faults;
    });
    expect(wrong).toEqual([]);
  });

  test("every op has a shape function, one way to run, and a gradient or a word about it", () => {
    const wrong = [...allDefinitions()].flatMap((definition) => {
      const runs =
        definition.lower ??
        definition.compute ??
        definition.run ??
        definition.value ??
        definition.flow ??
        definition.call ??
        definition.variable ??
        definition.placeholder;
      return [
        ...(runs ? [] : [`${definition.type} does not run`]),
        ...(definition.gradient === undefined ? [`${definition.type} says nothing of its gradient`] : []),
      ];
    });
    expect(wrong).toEqual([]);
  });
});
