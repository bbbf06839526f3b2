/** Bundles the library and the program with esbuild: for dist/, and for tests that run the program. */
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");

/** Ink loads its developer tools only with DEV=true: they, and the packages that they need, stay out. */
const withoutDevtools = {
  name: "without-devtools",
  setup(builder) {
    builder.onLoad({ filter: /[\\/]ink[\\/]build[\\/]devtools\.js$/ }, () => ({ contents: "export {}" }));
  },
};

function entryPoints() {
  const src = (...parts) => join(root, "src", ...parts);
  const workers = readdirSync(src(), { recursive: true }).filter((path) => /(^|[\\/])worker\.ts$/.test(path));
  const entries = [
    { in: src("index.ts"), out: "index" },
    { in: src("cli", "main.ts"), out: "cli" },
    ...workers.map((path) => ({ in: src(path), out: "worker" })),
  ];
  return entries;
}

/**
 * Writes index.js, cli.js, worker.js and the chunks they share into a folder, or only the outputs named. Gives the paths of all
 * source files.
 */
export async function bundle(outdir, names) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entryPoints().filter(({ out }) => names === undefined || names.includes(out)),
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    chunkNames: "chunk-[hash]",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    charset: "utf8",
    metafile: true,
    logLevel: "warning",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
    external: ["commander", "protobufjs", "crc-32", "jiti", "koffi", "@grpc/grpc-js"],
    plugins: [withoutDevtools],
    // The CommonJS packages under ink call require() for Node's own modules.
    banner: {
      js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
    },
  });
  return Object.keys(metafile.inputs);
}
