/**
 * Bundles the library and the program with esbuild: for dist/, and for tests that run the program.
 *
 *     src/index.ts, src/cli/execute.ts, models ─► tsflow.cjs    library and commands: the units that short runs need
 *                                                └► rest.cjs      all others; a unit runs when it is first needed
 *     src/cli/main.ts ───────────────────────────► front.cjs    finds the command, answers help
 *     src/ui/panel/sink.tsx, ink, react ─────────► panel.js      only a terminal loads it
 *     bin/load.cjs ──────────────────────────────► load.cjs      runs the two from compiled code
 *     (names of the library) ────────────────────► index.js, index.cjs    what `import` and `require` of "tsflow" give
 *     (one call) ────────────────────────────────► cli.cjs       what bin/tsflow.js runs
 */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { types } from "node:util";
import { Script } from "node:vm";
import { build } from "esbuild";
import { dynamicImport, linkUnits, publicModules } from "./bundle/link.mjs";
import { unitsOfShortRuns } from "./bundle/short_runs.mjs";
import { packageUnit, unitsOf } from "./bundle/units.mjs";

const root = resolve(import.meta.dirname, "..");
const src = (...parts) => join(root, "src", ...parts);

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20.19",
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  // Node prints the line of an uncaught error: a line must be readable.
  lineLimit: 160,
  metafile: true,
  logLevel: "warning",
};

/** Ink loads its developer tools only with DEV=true: they, and the packages that they need, stay out. */
const withoutDevtools = {
  name: "without-devtools",
  setup(builder) {
    builder.onLoad({ filter: /[\\/]ink[\\/]build[\\/]devtools\.js$/ }, () => ({ contents: "export {}" }));
  },
};

/** The front runs no command itself: the whole program, which the loader hands over, does. */
const withoutCommands = {
  name: "without-commands",
  setup(builder) {
    builder.onResolve({ filter: /^\.\/commands\// }, ({ path }) => ({ path, external: true }));
    builder.onResolve({ filter: /\/execute\.ts$/ }, () => ({ path: "execute", namespace: "whole" }));
    builder.onLoad({ filter: /./, namespace: "whole" }, () => ({
      contents: "export const execute = (argv) => module.whole().execute(argv);",
    }));
  },
};

const library = "src/index.ts";
const commands = "src/cli/execute.ts";
const opsModule = "src/ops/index.ts";
const registryModule = "src/graph/op/registry.ts";
const panel = "src/ui/panel/sink.tsx";
const inCommonJs = { define: { "import.meta.dirname": "__dirname", "import.meta.url": "__filename" } };
const front = `export const program = () => require(${JSON.stringify(src("cli", "main.ts"))});`;

/** One CommonJS file, in ASCII, with its SHA-256 in the first line. */
function writeCode(outdir, name, text) {
  const identity = createHash("sha256").update(text).digest("hex");
  writeFileSync(join(outdir, `${name}.cjs`), `// ${identity}\n${text}`);
}

/** What answers help: few modules, in one scope. */
async function bundleFront(outdir) {
  const { metafile, outputFiles } = await build({
    ...common,
    ...inCommonJs,
    stdin: { contents: front, resolveDir: root, sourcefile: "entry.js" },
    outfile: join(outdir, "front.cjs"),
    format: "cjs",
    charset: "ascii",
    write: false,
    plugins: [withoutCommands],
  });
  writeCode(outdir, "front", `(function(exports,require,module,__filename,__dirname){${outputFiles[0].text}\n})`);
  return Object.keys(metafile.inputs);
}

/** The script with all units, run in this process: gives what loads a unit. */
function unitLoader(text, file) {
  const script = new Script(text, { filename: file });
  return script.runInThisContext()({}, createRequire(import.meta.url), {}, file, dirname(file)).load;
}

/** The module of each op's definition: found by running those under src/ops one by one. */
function opModules(load, units) {
  const { allDefinitions } = load(registryModule);
  const moduleOf = new Map();
  for (const { members } of units) {
    if (!members[0].startsWith("src/ops/")) continue;
    load(members[0]);
    for (const { type } of allDefinitions()) if (!moduleOf.has(type)) moduleOf.set(type, members[0]);
  }
  return moduleOf;
}

/** A function and nothing more: no class, no properties. */
const isPlainFunction = (value) =>
  typeof value === "function" &&
  !types.isProxy(value) &&
  !/^class\b/.test(Function.prototype.toString.call(value)) &&
  Reflect.ownKeys(value).every((key) => ["length", "name", "prototype"].includes(key)) &&
  (value.prototype === undefined || Reflect.ownKeys(value.prototype).length === 1);

/** The functions that users see, "module name": their lengths, and their names where they are others. */
function publicFunctions(load, units) {
  const functions = new Map();
  for (const { members, passed } of units) {
    if (!publicModules.test(members[0])) continue;
    const list = load(members[0]);
    for (const [to, [from, name]] of passed) {
      if (name === "*" || !isPlainFunction(list[to])) continue;
      const { length, name: own } = list[to];
      functions.set(`${from} ${name}`, own === name ? [length] : [length, JSON.stringify(own)]);
    }
  }
  return functions;
}

/**
 * Library and commands: first all in one script, to see which units a short run needs, then in two. The unit that defines an op runs when
 * the op is first looked for. Gives the library's names too.
 */
async function bundleLibrary(outdir) {
  const file = join(outdir, "tsflow.cjs");
  const elsewhere = { [panel]: "./panel.js" };
  const options = {
    root,
    common: { ...common, ...inCommonJs, charset: "ascii", write: false },
    folders: ["src", "models"],
    entries: [library, commands, opsModule],
    library,
    alias: { tsflow: library },
    elsewhere,
    put: (module) =>
      dynamicImport(elsewhere[module] ?? module, /^(src|models)\//.test(module) && !(module in elsewhere)),
  };
  const units = await unitsOf(options);
  units.find(({ members }) => members[0] === opsModule).changes = [registryModule];
  units.find(({ members }) => members[0] === library).changes = [registryModule];
  const { packages } = linkUnits(units, common);
  const bundled = await Promise.all(Array.from(packages, ([name, names]) => packageUnit(options, name, names)));
  const packageUnits = bundled.map(({ unit }) => unit);
  const { passed, local } = units.find(({ members }) => members[0] === library);
  const names = [...passed.keys(), ...local.keys()].sort();
  const all = [...units, ...packageUnits];
  const linked = async (ordered, isLate, functions) => {
    const { places, expressionOf: at, link } = linkUnits(ordered, common);
    const write = await link(packageUnits, isLate, functions);
    return (isFirst, moduleOf, given = {}) => {
      const unitOf = Object.fromEntries(Array.from(moduleOf, ([type, module]) => [type, places.get(module)[0]]));
      const later = `${at(registryModule)}.registerLater(${JSON.stringify(unitOf)},__load);`;
      const starts = { publicNames: `()=>${at(library)}`, execute: `(argv)=>${at(commands)}.execute(argv)` };
      return write({ given: { ...starts, ...given }, added: new Map([[opsModule, later]]), isFirst });
    };
  };
  const draft = await linked(units, () => true);
  const loads = units.map(({ members }, k) => `${JSON.stringify(members[0])}:()=>__load(${k})`);
  const whole = draft(() => true, new Map(), { load: `(module)=>({${loads}})[module]()` }).first;
  const load = unitLoader(whole, file);
  const moduleOf = opModules(load, units);
  const running = draft(() => true, moduleOf, { ran: "()=>loaded.flatMap((names,k)=>names?[k]:[])" }).first;
  const known = publicFunctions(load, units);
  const taken = names.filter((name) => !known.has((passed.get(name) ?? []).join(" ")));
  const ran = unitsOfShortRuns(join(outdir, "draft.cjs"), running, taken);
  const [step, ...others] = Object.values(ran).map((places) => new Set(places.map((k) => all[k])));
  const isFirst = (unit) => [step, ...others].some((run) => run.has(unit));
  const builds = (unit) => /^(src\/(api|build|cli|train|ui)|models)\//.test(unit.members[0]);
  // What a step needs starts at once, and calls itself without a look whether it has.
  const isLate = (unit, other) =>
    step.has(unit) ? !step.has(other) : builds(unit) || others.some((run) => run.has(unit) && !run.has(other));
  const inStep = new Set([...step].flatMap(({ members }) => members));
  const functions = new Map([...known].filter(([key]) => !inStep.has(key.split(" ")[0])));
  const ordered = [...units.filter(isFirst), ...units.filter((unit) => !isFirst(unit))];
  const write = await linked(ordered, isLate, functions);
  const { first, rest } = write(isFirst, moduleOf);
  writeCode(outdir, "tsflow", first);
  writeCode(outdir, "rest", rest);
  return { inputs: bundled.flatMap(({ inputs }) => inputs), names };
}

async function bundlePanel(outdir) {
  const { metafile } = await build({
    ...common,
    entryPoints: [{ in: src("ui", "panel", "sink.tsx"), out: "panel" }],
    outdir,
    format: "esm",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
    plugins: [withoutDevtools],
    // The CommonJS packages under ink call require() for Node's own modules.
    banner: {
      js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
    },
  });
  return Object.keys(metafile.inputs);
}

const isReserved = (name) => {
  try {
    new Script(`"use strict";const ${name}=0`);
    return false;
  } catch {
    return true;
  }
};

/** The library for `import`, which takes all names at once, and for `require`, which takes those that are used. */
function writeIndex(outdir, names) {
  const load = 'import{createRequire}from"node:module";const library=createRequire(import.meta.url)("./index.cjs");';
  const pairs = names.map((name, i) => (isReserved(name) ? [`${name}:e${i}`, `e${i} as ${name}`] : [name, name]));
  const [taken, given] = [0, 1].map((side) => pairs.map((pair) => pair[side]).join(",\n"));
  writeFileSync(join(outdir, "index.js"), `${load}\nconst{\n${taken}}=library;\nexport{\n${given}};\n`);
  writeFileSync(join(outdir, "index.cjs"), 'module.exports=require("./load.cjs").publicNames();\n');
}

/** Writes all files into a folder, or those alone that the program needs. Gives the paths of all files of packages. */
export async function bundle(outdir, { program = false } = {}) {
  mkdirSync(outdir, { recursive: true });
  const [{ inputs, names }, ...others] = await Promise.all([
    bundleLibrary(outdir),
    bundleFront(outdir),
    bundlePanel(outdir),
  ]);
  cpSync(join(root, "bin", "load.cjs"), join(outdir, "load.cjs"));
  writeFileSync(join(outdir, "cli.cjs"), 'require("./load.cjs").program();\n');
  if (!program) writeIndex(outdir, names);
  return [inputs, ...others].flat();
}

/** Changes with every file that a bundle is made of. */
function fingerprint() {
  const hash = createHash("sha256");
  const add = (path) => {
    const { mtimeMs, size } = statSync(path);
    hash.update(`${path} ${mtimeMs} ${size}\n`);
  };
  for (const folder of ["src", "models", "scripts", "bin"]) {
    const names = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
    for (const entry of names) if (entry.isFile()) add(join(entry.parentPath, entry.name));
  }
  for (const name of ["package.json", "package-lock.json"]) add(join(root, name));
  return hash.digest("hex").slice(0, 16);
}

/** The program's files, bundled once for all test files that ask for them. */
export async function programInto(outdir) {
  const kept = join(root, "node_modules", ".tsflow-bundles");
  const whole = join(kept, fingerprint());
  if (!existsSync(whole)) {
    const fresh = `${whole}.${process.pid}`;
    await bundle(fresh, { program: true });
    for (const name of readdirSync(kept))
      if (/^\w{16}$/.test(name)) rmSync(join(kept, name), { recursive: true, force: true });
    try {
      renameSync(fresh, whole);
    } catch {
      rmSync(fresh, { recursive: true, force: true }); // another process was first
    }
  }
  cpSync(whole, outdir, { recursive: true });
}
