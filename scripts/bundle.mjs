/**
 * Bundles the library and the program with esbuild: for dist/, and for tests that run the program.
 *
 *     src/index.ts, src/cli/execute.ts, models ─► tsflow.cjs    library and commands; modules run when they are first needed
 *     src/cli/main.ts ───────────────────────────► front.cjs    finds the command, answers help
 *     src/ui/panel/sink.tsx, ink, react ─────────► panel.js      only a terminal loads it
 *     bin/load.js ───────────────────────────────► load.js       runs the two from compiled code
 *     (names of the library) ────────────────────► index.js      what `import "tsflow"` gives
 *     (one call) ────────────────────────────────► cli.js        what bin/tsflow.js runs
 */
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { build } from "esbuild";

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

/** The panel is a file of its own. */
const withoutPanel = {
  name: "without-panel",
  setup(builder) {
    builder.onResolve({ filter: /ui\/panel\/sink\.tsx$/ }, () => ({ path: "./panel.js", external: true }));
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

const whole = `
export const publicNames = () => require(${JSON.stringify(src("index.ts"))});
export const execute = (argv) => require(${JSON.stringify(src("cli", "execute.ts"))}).execute(argv);
`;
const front = `export const program = () => require(${JSON.stringify(src("cli", "main.ts"))});`;

/** Modules from outside are imported by the loader: code that V8 kept from an earlier process has no `import` of its own. */
const throughLoader = (text) => text.replaceAll(/\bimport\("(\.\/panel\.js|[\w@/-]+)"\)/g, 'module.import("$1")');

/** One CommonJS file, in ASCII, with its SHA-256 in the first line. */
async function bundleCode(outdir, name, contents, plugins) {
  const { metafile, outputFiles } = await build({
    ...common,
    stdin: { contents, resolveDir: root, sourcefile: "entry.js" },
    outfile: join(outdir, `${name}.cjs`),
    format: "cjs",
    charset: "ascii",
    write: false,
    define: { "import.meta.dirname": "__dirname", "import.meta.url": "__filename" },
    external: ["jiti", "koffi", "@grpc/grpc-js"],
    plugins,
  });
  const text = throughLoader(outputFiles[0].text);
  const identity = createHash("sha256").update(text).digest("hex");
  writeFileSync(join(outdir, `${name}.cjs`), `// ${identity}\n${text}`);
  return Object.keys(metafile.inputs);
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

function writeIndex(outdir) {
  const names = Object.keys(createRequire(import.meta.url)(join(outdir, "tsflow.cjs")).publicNames());
  const lines = names.map((name, i) => `const e${i}=library.${name};export{e${i} as ${name}};`);
  writeFileSync(
    join(outdir, "index.js"),
    `import{publicNames}from"./load.js";\nconst library=publicNames();\n${lines.join("\n")}\n`,
  );
}

/** Writes all files into a folder, or those alone that the program needs. Gives the paths of all source files. */
export async function bundle(outdir, { program = false } = {}) {
  mkdirSync(outdir, { recursive: true });
  const inputs = await Promise.all([
    bundleCode(outdir, "tsflow", whole, [withoutPanel]),
    bundleCode(outdir, "front", front, [withoutCommands]),
    bundlePanel(outdir),
  ]);
  cpSync(join(root, "bin", "load.js"), join(outdir, "load.js"));
  writeFileSync(join(outdir, "cli.js"), 'import{program}from"./load.js";\nprogram();\n');
  if (!program) writeIndex(outdir);
  return inputs.flat();
}
