/**
 * The program behind `node scripts/api_table.mjs`: prints docs/api.md. For each public name of TensorFlow 1's modules: what it is called here,
 * and the first test or golden that uses it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import * as tf from "../../src/index.ts";

const root = process.env.TSFLOW_ROOT ?? resolve(import.meta.dirname, "../..");
const namesIn = (file: string): Record<string, readonly string[]> =>
  JSON.parse(readFileSync(join(root, "test/fixtures/api", file), "utf8"));
const names: Record<string, readonly string[]> = { ...namesIn("tf_names.json"), ...namesIn("contrib_names.json") };

/** Python's name as ours. */
const ours = (name: string): string =>
  /^[A-Z]/.test(name) ? name : name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

interface Source {
  readonly path: string;
  readonly text: string;
}

function sourcesOf(folder: string, ending: RegExp): Source[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => ({ path: relative(root, path), text: readFileSync(path, "utf8") }));
}

/** Words of a text, for a quick look whether a name is in it at all. */
const indexed = (sources: readonly Source[]) =>
  sources.map((source) => ({ ...source, words: new Set(source.text.match(/\w+/g)) }));

const tests = indexed(sourcesOf(join(root, "test"), /\.tsx?$/).filter(({ path }) => !path.endsWith("api_report.ts")));
const examples = indexed(sourcesOf(join(root, "examples"), /\.ts$/));
const twins = indexed(sourcesOf(join(root, "test/fixtures"), /\.py$/));
const goldens = indexed(sourcesOf(resolve(root, "../shared/oracle/make"), /\.py$/));

/** The first file that uses the name with its module before it, else one that has the word where that is unmistakable. */
function evidence(path: string, python: string, mine: string): string {
  const module = path === "" ? "tf" : `tf.${path.split(".").map(ours).join(".")}`;
  const pythonModule = path === "" ? "tf" : `tf.${path}`;
  const uses = (wanted: string) => (source: { readonly text: string; readonly words: Set<string> }) =>
    source.words.has(wanted.slice(wanted.lastIndexOf(".") + 1)) &&
    new RegExp(`${escaped(wanted)}\\b`).test(source.text);
  const direct = [...tests, ...examples].find(uses(`${module}.${mine}`));
  if (direct) return direct.path;
  const golden = goldens.find(uses(`${pythonModule}.${python}`));
  if (golden) return `golden (${golden.path.slice(golden.path.lastIndexOf("/") + 1)})`;
  const twin = twins.find(uses(`${pythonModule}.${python}`));
  if (twin) return twin.path;
  return tests.find(({ words }) => mine.length > 6 && words.has(mine))?.path ?? "";
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function moduleAt(path: string): Record<string, unknown> | undefined {
  let found: unknown = tf;
  for (const part of path.split(".").filter(Boolean))
    found = (found as Record<string, unknown> | undefined)?.[ours(part)];
  return found as Record<string, unknown> | undefined;
}

const lines: string[] = [];
let [have, all, shown] = [0, 0, 0];
for (const path of Object.keys(names).sort()) {
  const module = moduleAt(path);
  const rows: string[] = [];
  const missing: string[] = [];
  for (const python of names[path]!) {
    const inner = path === "" ? python : `${path}.${python}`;
    if (inner in names) continue; // a module has a table of its own
    all++;
    const mine = ours(python);
    if (!module || !(mine in module)) {
      missing.push(python);
      continue;
    }
    have++;
    const where = evidence(path, python, mine);
    if (where) shown++;
    rows.push(`| ${python} | ${mine} | ${where} |`);
  }
  const title = path === "" ? "tf" : `tf.${path}`;
  lines.push("", `## ${title}: ${rows.length} of ${rows.length + missing.length}`);
  if (rows.length) lines.push("", "| Python | TypeScript | golden or test |", "| --- | --- | --- |", ...rows);
  if (missing.length) lines.push("", `Not here: ${missing.join(", ")}.`);
}

process.stdout.write(`# API

Printed by \`node scripts/api_table.mjs\` from the code: the public names of TensorFlow 1's modules (\`tf.compat.v1\` of 2.21), what they are
called here, and the first golden or test that uses them. ${have} of ${all} names are here, ${shown} of them with a golden or test. Names
follow one rule: Python's, with \`_x\` as \`X\`; classes and constants stay. What TensorFlow 2 added to these modules, and what only Python or
special hardware needs, stands among the names that are not here.
${lines.join("\n")}
`);
