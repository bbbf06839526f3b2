/**
 * Runs dist/tsflow.cjs (library and commands) and dist/front.cjs (the program's help), each from code that V8 has compiled before:
 * parsing it anew takes most of a start. Compiled code lies beside a file, with the ending .cache, or, where that folder cannot be
 * written, in the user's cache folder; the first process that finds none leaves it behind. Copied to dist/ by the build.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { Script } from "node:vm";

const folder = import.meta.dirname;
const userFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "tsflow");

/** SHA-256 of a bundle, in its first line; V8 itself compares no more than the length. */
const identityOf = (bundle) => /^\/\/ (\w{64})\n/.exec(bundle)?.[1] ?? "";

/** V8's bytes: behind the identity of their bundle. */
function readCache(places, identity) {
  for (const place of places) {
    try {
      const bytes = readFileSync(place);
      if (bytes.latin1Slice(0, identity.length) === identity) return bytes.subarray(identity.length);
    } catch {
      // not there, or not to be read: the next place
    }
  }
  return undefined;
}

function writeCache(places, identity, script) {
  const bytes = Buffer.concat([Buffer.from(identity), script.createCachedData()]);
  for (const place of places) {
    const fresh = `${place}.${process.pid}`;
    try {
      if (place !== places[0]) mkdirSync(userFolder, { recursive: true, mode: 0o700 });
      writeFileSync(fresh, bytes, { mode: 0o644 });
      renameSync(fresh, place);
      return;
    } catch {
      rmSync(fresh, { force: true });
    }
  }
}

/** Runs a bundle and gives its exports. It finds other modules through `module.import`. */
function load(name) {
  const file = join(folder, `${name}.cjs`);
  const bundle = readFileSync(file, "latin1"); // bundles are ASCII
  const identity = identityOf(bundle);
  const places = [
    join(folder, `${name}.cache`),
    join(userFolder, `${name}-${identity.slice(0, 16)}-${process.version}.cache`),
  ];
  const cachedData = readCache(places, identity);
  const script = new Script(`(function(exports,require,module,__filename,__dirname){${bundle}\n})`, {
    filename: file,
    cachedData,
  });
  if (!cachedData || script.cachedDataRejected) process.on("exit", () => writeCache(places, identity, script));
  const module = { exports: {}, whole, import: (specifier) => import(specifier) };
  script.runInThisContext().call(module.exports, module.exports, createRequire(file), module, file, folder);
  return module.exports;
}

let loaded;
function whole() {
  loaded ??= load("tsflow");
  return loaded;
}

/** The public names, with what they stand for. */
export const publicNames = () => whole().publicNames();

/** Runs the program with the arguments of this process. */
export const program = () => load("front").program();
