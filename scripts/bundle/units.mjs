/**
 * The source modules as units: one each, modules that import each other in a circle together. Imports between units form no circle, so
 * a unit can take what it imports when it starts.
 *
 *     files ─ esbuild ─► ECMAScript text ─ names.mjs ─► modules with direct imports ─ circles ─► units
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { init } from "es-module-lexer";
import { build } from "esbuild";
import { changedNames } from "./effects.mjs";
import { dynamicImport } from "./link.mjs";
import { directImports, importsOf, partsOf, slashes } from "./names.mjs";

/** The modules of a folder: paths from the root. */
const modulesIn = (root, folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .map((name) => slashes(join(folder, name)))
    .filter((path) => (/\.tsx?$/.test(path) && !path.endsWith(".d.ts")) || /\/generated\/\w+\.js$/.test(path))
    .sort();

/** Every module's text, with its imports as they stand. */
async function textsOf({ common }, modules) {
  const { outputFiles } = await build({
    ...common,
    entryPoints: modules.map((path, k) => ({ in: path, out: String(k) })),
    outdir: "units",
    format: "esm",
    packages: "external",
    external: ["./*", "../*"],
  });
  return new Map(outputFiles.map(({ path, text }) => [modules[Number.parseInt(basename(path), 10)], text]));
}

/** The circles of a graph and the nodes outside of them, each after all that it leads to. Source: Tarjan 1972. */
function components(graph, roots) {
  const found = [];
  const stack = [];
  const order = new Map();
  const lowest = new Map();
  const waiting = new Set();
  const visit = (node) => {
    order.set(node, order.size);
    lowest.set(node, order.get(node));
    stack.push(node);
    waiting.add(node);
    for (const next of graph.get(node).atStart) {
      if (!order.has(next)) {
        visit(next);
        lowest.set(node, Math.min(lowest.get(node), lowest.get(next)));
      } else if (waiting.has(next)) {
        lowest.set(node, Math.min(lowest.get(node), order.get(next)));
      }
    }
    if (lowest.get(node) !== order.get(node)) return;
    const circle = stack.splice(stack.indexOf(node));
    for (const each of circle) waiting.delete(each);
    found.push(circle);
  };
  const pending = [...roots];
  for (const node of pending) {
    if (order.has(node)) continue;
    const before = found.length;
    visit(node);
    for (const member of found.slice(before).flat()) pending.push(...graph.get(member).later);
  }
  return found;
}

/** A module as text again. */
const written = ({ imports, passed, local, body }) => {
  const statement = ([from, name, to]) =>
    name === null
      ? `import "${from}";`
      : `import ${name === "*" ? `* as ${to}` : `{ ${name} as ${to} }`} from "${from}";`;
  const given = Array.from(local, ([to, from]) => `${from} as ${to}`);
  const passedOn = Array.from(
    passed,
    ([to, [from, name]]) => `export ${name === "*" ? `* as ${to}` : `{ ${name} as ${to} }`} from "${from}";`,
  );
  return `${imports.map(statement).join("\n")}\n${body}\n${passedOn.join("\n")}\nexport { ${given.join(", ")} };`;
};

/** The modules of a circle as one: each of them is an object of names. */
async function circleOf({ common, root }, members, modules) {
  const inside = {
    name: "circle",
    setup(builder) {
      builder.onResolve({ filter: /./ }, ({ path, kind }) => {
        if (members.includes(path)) return { path, namespace: "circle" };
        return kind === "entry-point" ? undefined : { path, external: true };
      });
      builder.onLoad({ filter: /./, namespace: "circle" }, ({ path }) => ({ contents: written(modules.get(path)) }));
    },
  };
  const lines = members.map((member, k) => `export * as m${k} from ${JSON.stringify(member)};`);
  const { outputFiles } = await build({
    ...common,
    stdin: { contents: lines.join("\n"), resolveDir: root },
    format: "esm",
    plugins: [inside],
  });
  return unitOf(members, outputFiles[0].text);
}

/** A unit of text that esbuild has put together: all that it imports lies outside. */
function unitOf(members, text) {
  const { statements, local, body } = partsOf(text, (specifier) => dynamicImport(specifier, false));
  return { members, imports: statements.flatMap(importsOf), passed: new Map(), local, body };
}

/**
 * The units that the entries reach, each after those that it imports: `members` (paths of modules) and what directImports tells of a
 * module, `changes` (modules that must be followed by it). A unit of several modules exports m0, m1 and so on: one object of names for each. `alias` gives the module of a package's
 * name, `elsewhere` the file of dist/ that holds a module instead, `put(module)` the code of a dynamic import.
 */
export async function unitsOf(options) {
  const { root, folders, entries, library, alias, elsewhere, put } = options;
  await init;
  const paths = folders.flatMap((folder) => modulesIn(root, folder));
  const known = new Set(paths);
  const isHere = (module) => known.has(module) && !(module in elsewhere);
  const modules = directImports(await textsOf(options, paths.filter(isHere)), { alias, elsewhere, known }, put);
  const graph = new Map();
  for (const [path, { imports, later, passed }] of modules) {
    const atStart = new Set(imports.map(([from]) => from).filter(isHere));
    const asked = Array.from(passed.values(), ([from]) => from).filter(isHere);
    graph.set(path, { atStart, later: [...later, ...asked] });
  }
  const startsWith = new Set([library]);
  for (const path of startsWith) for (const next of graph.get(path).atStart) startsWith.add(next);
  /** The modules that one which starts with the library changes. */
  const changesOf = (path) => {
    const names = startsWith.has(path) ? changedNames(readFileSync(join(root, path), "utf8")) : [];
    const changed = modules.get(path).imports.filter(([, , to]) => names.includes(to));
    return [...new Set(changed.map(([from]) => from))].filter(isHere);
  };
  // What the library imports for its effects follows what it changes.
  const whole = modules.get(library);
  whole.imports = whole.imports.filter(([from, name]) => name !== null || changesOf(from).length === 0);
  const units = components(graph, entries).map(async (members) => ({
    ...(members.length > 1 ? await circleOf(options, members, modules) : { members, ...modules.get(members[0]) }),
    changes: members.flatMap(changesOf).filter((module) => !members.includes(module)),
  }));
  return Promise.all(units);
}

/** A unit that holds an npm package or a JSON file: what is exported of it are the names given. */
export async function packageUnit({ root, common }, specifier, names) {
  const { outputFiles, metafile } = await build({
    ...common,
    stdin: { contents: `export { ${[...names].join(", ")} } from "${specifier}";`, resolveDir: root },
    format: "esm",
  });
  return { unit: unitOf([specifier], outputFiles[0].text), inputs: Object.keys(metafile.inputs) };
}
