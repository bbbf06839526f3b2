/**
 * Bundles the library and the program with esbuild: for dist/, and for tests that run the program.
 *
 *     src/index.ts, src/cli/execute.ts, models ─► tsflow.cjs    library and commands; a unit runs when it is first needed
 *     src/cli/main.ts ───────────────────────────► front.cjs    finds the command, answers help
 *     src/ui/panel/sink.tsx, ink, react ─────────► panel.js      only a terminal loads it
 *     bin/load.cjs ──────────────────────────────► load.cjs      runs the two from compiled code
 *     (names of the library) ────────────────────► index.js      what `import "tsflow"` gives
 *     (one call) ────────────────────────────────► cli.cjs       what bin/tsflow.js runs
 */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { Script } from "node:vm";
import { build } from "esbuild";
import { dynamicImport, linkUnits } from "./bundle/link.mjs";
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

/** The unit of each op's definition: found by running those under src/ops one by one. */
function opUnits(text, file, units, places) {
  const script = new Script(text, { filename: file });
  const { load } = script.runInThisContext()({}, createRequire(import.meta.url), {}, file, dirname(file));
  const [registry, member] = places.get(registryModule);
  const { allDefinitions } = member ? load(registry)[member] : load(registry);
  const unitOf = {};
  for (const [k, { members }] of units.entries()) {
    if (!members[0].startsWith("src/ops/")) continue;
    load(k);
    for (const { type } of allDefinitions()) unitOf[type] ??= k;
  }
  return unitOf;
}

/** Library and commands. The unit that defines an op runs when the op is first looked for. Gives the library's names too. */
async function bundleLibrary(outdir) {
  const file = join(outdir, "tsflow.cjs");
  const elsewhere = { [panel]: "./panel.js" };
  const options = {
    root,
    common: { ...common, ...inCommonJs, charset: "ascii", write: false },
    folders: ["src", "models"],
    entries: [library, commands, opsModule],
    alias: { tsflow: library },
    elsewhere,
    put: (module) =>
      dynamicImport(elsewhere[module] ?? module, /^(src|models)\//.test(module) && !(module in elsewhere)),
  };
  const units = await unitsOf(options);
  const linked = linkUnits(units);
  const packages = await Promise.all(Array.from(linked.packages, ([name, names]) => packageUnit(options, name, names)));
  const packageUnits = packages.map(({ unit }) => unit);
  const at = linked.expressionOf;
  const unitOf = opUnits(linked.write(packageUnits, { load: "__load" }), file, units, linked.places);
  const allOps = `${at(registryModule)}.registerLater(${JSON.stringify(unitOf)},__load);`;
  const given = {
    publicNames: `()=>${at(library)}`,
    execute: `(argv)=>${at(commands)}.execute(argv)`,
    count: "()=>loaded.filter(Boolean).length",
  };
  writeCode(outdir, "tsflow", linked.write(packageUnits, given, new Map([[opsModule, allOps]])));
  const { passed, local } = units.find(({ members }) => members[0] === library);
  return { inputs: packages.flatMap(({ inputs }) => inputs), names: [...passed.keys(), ...local.keys()].sort() };
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

function writeIndex(outdir, names) {
  const lines = names.map((name, i) => `const e${i}=library.${name};export{e${i} as ${name}};`);
  writeFileSync(
    join(outdir, "index.js"),
    `import load from"./load.cjs";\nconst library=load.publicNames();\n${lines.join("\n")}\n`,
  );
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
