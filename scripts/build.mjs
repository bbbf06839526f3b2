/**
 * Builds dist/: the library, the program, and their types.
 *
 *     proto/*.proto  ─ proto.mjs ─► src/proto/generated/
 *     src, models    ─ bundle.mjs ► dist/*.cjs, panel.js, index.js; *.cache by first runs
 *     src/index.ts   ─ tsc ───────► dist/types/
 *     bundled code's licences ────► THIRD_PARTY_NOTICES.md
 *
 * `--no-types` leaves tsc out. `npx tsflow` in a clone has npm link the clone and build it a second time: nothing to do then, unless a
 * source has changed.
 */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { bundle } from "./bundle.mjs";

const root = resolve(import.meta.dirname, "..");
const at = (...parts) => join(root, ...parts);
const run = (script, ...args) =>
  execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });

/** The folders of the npm packages that files come from. */
function packagesOf(files) {
  const found = files.map((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]);
  return [...new Set(found.filter((folder) => folder !== undefined))].sort();
}

function writeNotices(folders) {
  const sections = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(at(folder, "package.json"), "utf8"));
    const file = readdirSync(at(folder)).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    const text = file ? readFileSync(at(folder, file), "utf8").trim() : `Licence: ${license}`;
    return `## ${name} ${version}\n\n\`\`\`text\n${text.replaceAll("\r\n", "\n")}\n\`\`\`\n`;
  });
  const head = "# Third-party notices\n\nThe packages whose code is bundled in `dist/`, with their licences.\n\n";
  writeFileSync(at("THIRD_PARTY_NOTICES.md"), head + sections.join("\n"));
}

function writeTypes() {
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
  run(tsc, "-p", "scripts/tsconfig.types.json");
  // tsc leaves out declarations that are sources themselves.
  const declared = readdirSync(at("src"), { recursive: true }).filter((path) => path.endsWith(".d.ts"));
  for (const path of declared) cpSync(at("src", path), at("dist/types/src", path));
  withoutProtobufjs();
}

/** protobufjs and long are bundled: the types name them no more. */
function withoutProtobufjs() {
  const folder = at("dist/types/src/proto");
  const rewrite = (file, ...pairs) => {
    const text = readFileSync(join(folder, file), "utf8");
    const rewritten = pairs.reduce((before, [from, to]) => before.replace(from, to), text);
    if (/from "(protobufjs|long)|require\("long"\)/.test(rewritten)) throw new Error(`${file} names a bundled package`);
    writeFileSync(join(folder, file), rewritten);
  };
  rewrite(
    "generated/messages.d.ts",
    ['import * as $protobuf from "protobufjs/minimal.js";', 'import type * as $protobuf from "../protobuf.js";'],
    ['import Long = require("long");', 'import type { Long } from "../messages.js";'],
  );
  rewrite("messages.d.ts", [
    'import protobuf from "protobufjs/minimal.js";',
    'import type * as protobuf from "./protobuf.js";',
  ]);
  const lines = [
    "/** What the messages need of protobufjs, which is bundled. */",
    "export interface Writer { finish(): Uint8Array }",
    "export interface Reader { readonly pos: number; readonly len: number }",
  ];
  writeFileSync(join(folder, "protobuf.d.ts"), `${lines.join("\n")}\n`);
}

/** One step of training in a folder of its own leaves dist/train.cache and front.cache behind, one in the library library.cache. */
function writeCompiledCode() {
  const folder = mkdtempSync(join(tmpdir(), "tsflow-build-"));
  const words = ["train", "linear_regression", "--max_step", "1", "--model_dir", join(folder, "run"), "--quiet"];
  for (const program of [[at("bin/tsflow.js"), ...words], [at("bench/starts/first_loss.mjs")]])
    execFileSync(process.execPath, program, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  rmSync(folder, { recursive: true, force: true });
}

/** Is what the last step but one wrote as new as every source? */
function isBuilt() {
  const last = at("dist/types/src/index.d.ts");
  if (!existsSync(last) || !existsSync(at("dist/index.js"))) return false;
  const built = statSync(last).mtimeMs;
  const sources = ["bin", "models", "proto", "scripts", "src"].flatMap((folder) =>
    readdirSync(at(folder), { recursive: true }).map((path) => at(folder, path)),
  );
  return [...sources, at("package-lock.json")].every((path) => statSync(path).mtimeMs <= built);
}

if (process.env.npm_command === "exec" && isBuilt()) process.exit(0);
if (existsSync(at("scripts/proto.mjs"))) run(at("scripts/proto.mjs"));
const fresh = at(`dist.${process.pid}`); // a failed build leaves the old one in place
const inputs = await bundle(fresh).catch((error) => {
  rmSync(fresh, { recursive: true, force: true });
  throw error;
});
rmSync(at("dist"), { recursive: true, force: true });
renameSync(fresh, at("dist"));
writeNotices(packagesOf(inputs.map((path) => relative(root, resolve(root, path)).replaceAll("\\", "/"))));
if (!process.argv.includes("--no-types")) writeTypes();
writeCompiledCode();
