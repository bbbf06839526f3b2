/**
 * Runs dist/tsflow.cjs (library and commands) and dist/front.cjs (the program's help), each from code that V8 has compiled before:
 * parsing it anew takes most of a start. Compiled code lies beside a file, one for each command, with the ending .cache, or, where that
 * folder cannot be written, in the user's cache folder; a process that finds none, or that ran much which it lacks, leaves it behind.
 * Copied to dist/ by the build.
 */
"use strict";
const { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");
const { Script } = require("node:vm");

const folder = __dirname;
/** The command, `train`: what of the library is needed depends on it. */
let purpose = "library";

/** V8 rejects code that it compiled under other flags: those that have some keep theirs apart. */
const underFlags =
  process.execArgv.length > 0 || process.env.NODE_OPTIONS
    ? `-${require("node:v8").cachedDataVersionTag().toString(36)}`
    : "";

/** SHA-256 of a bundle, in its first line; V8 itself compares no more than the length. */
const identityOf = (bundle) => /^\/\/ (\w{64})\n/.exec(bundle)?.[1] ?? "";

const userFolder = () => join(process.env.XDG_CACHE_HOME || join(require("node:os").homedir(), ".cache"), "tsflow");

/** Files that may hold compiled code, the better one first. The user's folder serves every bundle of the machine. */
function* places(name, key) {
  yield join(folder, `${name}${underFlags}.cache`);
  yield join(userFolder(), `${name}${underFlags}-${key.slice(0, 16)}-${process.version}.cache`);
}

/** What a file of compiled code is for: the bundle, and where it lies, since V8 keeps that too; then how many units had run. */
function readCache(name, key) {
  for (const place of places(name, key)) {
    try {
      const bytes = readFileSync(place);
      const end = bytes.indexOf(10);
      const [found, units] = bytes.utf8Slice(0, end).split("\t");
      if (found === key) return { units: Number(units), code: bytes.subarray(end + 1) };
    } catch {
      // not there, or not to be read: the next place
    }
  }
  return { units: 0, code: undefined };
}

function writeCache(name, key, units, script) {
  const bytes = Buffer.concat([Buffer.from(`${key}\t${units}\n`), script.createCachedData()]);
  for (const place of places(name, key)) {
    const fresh = `${place}.${process.pid}`;
    try {
      if (!place.startsWith(folder)) mkdirSync(userFolder(), { recursive: true, mode: 0o700 });
      writeFileSync(fresh, bytes, { mode: 0o644 });
      renameSync(fresh, place);
      return;
    } catch {
      rmSync(fresh, { force: true });
    }
  }
}

/** Runs a bundle and gives what it gives. It finds other modules through `module.import`, and the rest of its units through `module.part`. */
function load(name, cacheName, runtime) {
  const file = join(folder, `${name}.cjs`);
  const bundle = readFileSync(file, "latin1"); // bundles are ASCII
  const key = `${identityOf(bundle)} ${file}`;
  const cache = readCache(cacheName, key);
  const script = new Script(bundle, { filename: file, cachedData: cache.code });
  const part = (other, shared) => load(other, `${cacheName}-${other}`, shared);
  const module = { exports: {}, whole, part, runtime, import: (specifier) => import(specifier) };
  const given = script.runInThisContext()(module.exports, createRequire(file), module, file, folder) ?? module.exports;
  const known = cache.code && !script.cachedDataRejected ? cache.units : 0;
  process.on("exit", () => {
    const units = given.count?.() ?? 1;
    if (units > known * 1.1) writeCache(cacheName, key, units, script);
  });
  return given;
}

let loaded;
function whole() {
  loaded ??= load("tsflow", purpose);
  return loaded;
}

/** The public names, with what they stand for. */
exports.publicNames = () => whole().publicNames();

/** Runs the program with the arguments of this process. */
exports.program = () => {
  const word = process.argv[2] ?? "";
  if (/^[a-z]{1,20}$/.test(word)) purpose = word;
  load("front", "front").program();
};
