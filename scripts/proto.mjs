/**
 * Turns proto/**.proto into src/proto/generated:
 *     messages.js, messages.d.ts   protobufjs' static classes, one for each message
 *     schema.js, schema.d.ts       names, numbers and types of all fields, for the text format
 * Does nothing when they were made from these sources (the stamp holds a digest of them).
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, "src/proto/generated");
const scalars = new Set(
  "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes".split(" "),
);

const schemaTypes = `/** [number, name, type, rule: "" | "repeated" | "map", key type of a map, oneof] */
export type SchemaField = readonly [number, string, string, string, string, string];
export declare const schema: {
  readonly messages: Readonly<Record<string, readonly SchemaField[]>>;
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
};
`;

const sources = readdirSync(join(root, "proto"), { recursive: true })
  .map(String)
  .filter((name) => name.endsWith(".proto"))
  .sort();

const digest = createHash("sha256");
for (const name of sources) digest.update(name).update(readFileSync(join(root, "proto", name)));
digest.update(readFileSync(fileURLToPath(import.meta.url)));
digest.update(readFileSync(join(root, "node_modules/protobufjs-cli/package.json")));
const stamp = digest.digest("hex");

async function generate() {
  const work = `${out}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    const lean = ["--no-verify", "--no-delimited", "--no-typeurl", "--no-service", "--no-convert", "--no-create"];
    await Promise.all([
      pbjs("-t", "static-module", "-w", "esm", ...lean, "--dts", "-o", join(work, "messages.js")),
      pbjs("-t", "json", "--keep-case", "-o", join(work, "schema.json")),
    ]);
    const { transformSync } = await import("esbuild");
    const code = readFileSync(join(work, "messages.js"), "utf8");
    writeFileSync(
      join(work, "messages.js"),
      transformSync(lateMessages(code), { minifyWhitespace: true, format: "esm" }).code,
    );
    const schema = flatten(JSON.parse(readFileSync(join(work, "schema.json"), "utf8")));
    rmSync(join(work, "schema.json"));
    writeFileSync(join(work, "schema.js"), `export const schema = ${JSON.stringify(schema)};\n`);
    writeFileSync(join(work, "schema.d.ts"), schemaTypes);
    writeFileSync(join(work, "stamp"), stamp);
    rmSync(out, { recursive: true, force: true });
    renameSync(work, out);
  } catch (error) {
    rmSync(work, { recursive: true, force: true });
    throw error;
  }
}

/** A message's class is made when it is first used: a start needs few of them. */
function lateMessages(code) {
  const made = /^( {4})(\w+)\.(\w+) = \(function\(\) \{\n([\s\S]*?)\n\1\}\)\(\);$/gm;
  const late = code.replace(made, '$1$late($2, "$3", function() {\n$4\n$1});');
  return late.replace(
    /^import .*$/m,
    `$&
const $late = (holder, name, make) => Object.defineProperty(holder, name, { configurable: true, enumerable: true, get() {
  const value = make();
  Object.defineProperty(holder, name, { configurable: true, enumerable: true, writable: true, value });
  return value;
} });`,
  );
}

async function pbjs(...args) {
  const main = createRequire(import.meta.url).resolve("protobufjs-cli/bin/pbjs");
  await promisify(execFile)(
    process.execPath,
    [main, ...args, "-p", "proto", ...sources.map((name) => `proto/${name}`)],
    {
      cwd: root,
    },
  );
}

/** All messages and enums by full name; a field is [number, name, type, rule, key type of a map, oneof]. */
function flatten(json) {
  const messages = {};
  const enums = {};
  const visit = (node, path) => {
    for (const [name, child] of Object.entries(node.nested ?? {})) {
      const full = path ? `${path}.${name}` : name;
      if (child.values) enums[full] = child.values;
      if (child.fields) messages[full] = child;
      visit(child, full);
    }
  };
  visit(json, "");
  const resolve = (type, scope) => {
    if (scalars.has(type)) return type;
    for (let at = scope; ; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
      const full = at ? `${at}.${type}` : type;
      if (messages[full] || enums[full]) return full;
      if (!at) throw new Error(`no type ${type} in ${scope}`);
    }
  };
  const fieldsOf = (full, message) => {
    const oneofOf = new Map();
    for (const [oneof, { oneof: names }] of Object.entries(message.oneofs ?? {})) {
      for (const name of names) oneofOf.set(name, oneof);
    }
    return Object.entries(message.fields)
      .map(([name, field]) => [
        field.id,
        name,
        resolve(field.type, full),
        field.keyType ? "map" : (field.rule ?? ""),
        field.keyType ?? "",
        oneofOf.get(name) ?? "",
      ])
      .sort((a, b) => a[0] - b[0]);
  };
  return {
    messages: Object.fromEntries(Object.entries(messages).map(([full, m]) => [full, fieldsOf(full, m)])),
    enums,
  };
}

function readOrEmpty(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

if (readOrEmpty(join(out, "stamp")) !== stamp) await generate();
