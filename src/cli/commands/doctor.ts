/** What this machine offers, one line each; nothing is changed and nothing is fetched. */
import { availableParallelism, cpus, totalmem } from "node:os";
import { platform } from "../../core/host.ts";
import { version } from "../../core/version.ts";
import { hasRelaxedSimd } from "../../core/wasm/relaxed_simd.ts";
import { candidates, libraryCommands, search } from "../../engine/native/find.ts";
import { loadKoffi } from "../../engine/native/foreign.ts";
import { pathKind } from "../../io/paths.ts";
import { chooseUi, minColumns, minRows } from "../../ui/choose.ts";
import { bytes, table } from "../../ui/format.ts";
import { defineCommand } from "../command.ts";

/** The head of a module of one function without arguments, and its body behind it. */
const moduleOf = (
  result: readonly number[],
  sections: readonly number[],
  body: readonly number[],
): Uint8Array<ArrayBuffer> =>
  new Uint8Array([
    ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4 + result.length, 1, 96, 0, result.length, ...result, 3, 2, 1, 0, ...sections],
    ...[10, body.length + 4, 1, body.length + 2, 0, ...body, 11],
  ]);

const [i32, v128] = [127, 123];
const [simdPrefix, atomicPrefix] = [253, 254];
const zeros = [65, 0, simdPrefix, 15];

/** Does this Node take modules with these features? The least module of each that says so. */
const features = {
  /** i8x16.splat */
  simd: moduleOf([v128], [], zeros),
  /** i32.atomic.load of a shared memory of one page */
  threads: moduleOf([i32], [5, 4, 1, 3, 1, 1], [65, 0, atomicPrefix, 16, 2, 0]),
};

const has = (feature: keyof typeof features): boolean => WebAssembly.validate(features[feature]);

interface Finding {
  readonly name: string;
  readonly value: string;
  readonly ok: boolean;
  readonly advice?: string;
  /** What --json shows in place of the value. */
  readonly json?: unknown;
  /** Not for --json: another row holds it. */
  readonly isText?: boolean;
}

const least = [20, 19];

function nodeFinding(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const ok = major > least[0]! || (major === least[0] && minor >= least[1]!);
  return {
    name: "Node",
    value: process.versions.node,
    ok,
    ...(!ok && { advice: `Node ${least.join(".")} or later is needed` }),
  };
}

/** koffi, the library that `--engine auto` takes, others that it could take, and files that it would not, each with the reason. */
function nativeFindings(): Finding[] {
  const { system, arch } = platform();
  const places = candidates(system, arch).filter(
    ({ kind, path }) => kind === "accelerate" || pathKind(path) === "file",
  );
  const koffi = loadKoffi();
  if ("missing" in koffi) {
    const paths = places.map(({ path }) => path);
    const commands = ["npm install koffi", ...(paths.length > 0 ? [] : libraryCommands(system))];
    const advice = `optional, for --engine native: ${commands.join("; ")}`;
    const value = paths.length > 0 ? `not loaded without koffi: ${paths.join(", ")}` : "none";
    return [
      { name: "koffi", value: koffi.missing, ok: true, json: null, advice },
      { name: "native library", value, ok: true, json: { taken: null, others: [], notLoaded: paths, refused: [] } },
    ];
  }
  const found = places.map((place) => search({ koffi, candidates: [place], system }));
  const libraries = new Map(
    found.flatMap(({ library }) => (library ? [[library.name, { name: library.name, path: library.path }]] : [])),
  );
  const refused = found.flatMap((each) => each.refused);
  const [taken, ...others] = libraries.values();
  const shown = ({ name, path }: { readonly name: string; readonly path: string }) => `${name} (${path})`;
  const rows: Finding[] = [
    { name: "koffi", value: koffi.version, ok: true },
    {
      name: "native library",
      value: taken ? `${shown(taken)}, for --engine auto` : "none that can be used",
      ok: true,
      json: { taken: taken ?? null, others, notLoaded: [], refused },
      ...(!taken && { advice: `optional, for --engine native: ${libraryCommands(system).join("; ")}` }),
    },
  ];
  if (others.length > 0) rows.push({ name: "others", value: others.map(shown).join(", "), ok: true, isText: true });
  for (const { path, why } of refused) rows.push({ name: "refused", value: `${path}: ${why}`, ok: true, isText: true });
  return rows;
}

function findings(): Finding[] {
  const simd = has("simd");
  const { stdin, stdout, stderr, env } = process;
  const ui = chooseUi("auto", false, {
    stdinIsTTY: stdin.isTTY === true,
    stdoutIsTTY: stdout.isTTY === true,
    stderrIsTTY: stderr.isTTY === true,
    columns: stdout.columns ?? 0,
    rows: stdout.rows ?? 0,
    env: (name) => env[name],
  });
  const size = stdout.isTTY ? `${stdout.columns}x${stdout.rows}` : "not a terminal";
  const panel = ui === "panel" ? "panel" : `lines (the panel needs a terminal of ${minColumns}x${minRows})`;
  return [
    { name: "tsflow", value: version, ok: true },
    nodeFinding(),
    { name: "system", value: `${process.platform} ${process.arch}`, ok: true },
    { name: "processor", value: `${cpus()[0]?.model.trim() || "unknown"}`, ok: true },
    { name: "threads", value: `${availableParallelism()} usable of ${cpus().length}`, ok: true },
    { name: "memory", value: bytes(totalmem()), ok: true },
    {
      name: "WebAssembly SIMD",
      value: simd ? "yes" : "no",
      ok: simd,
      ...(!simd && { advice: "the wasm engine needs it: use --engine reference" }),
    },
    { name: "WebAssembly threads", value: has("threads") ? "yes" : "no", ok: true },
    { name: "WebAssembly relaxed SIMD", value: hasRelaxedSimd() ? "yes" : "no", ok: true },
    ...nativeFindings(),
    { name: "terminal", value: `${size}, TERM ${env.TERM ?? "not set"}, ${panel}`, ok: true },
  ];
}

export default defineCommand({
  usage: "",
  about: "what this machine offers: Node, WebAssembly SIMD, threads, native libraries, terminal",
  examples: ["doctor", "doctor --json"],
  flags: {},
  words: [0, 0],
  run({ out }) {
    const found = findings();
    if (out.json) {
      const rows = found.filter(({ isText }) => !isText);
      out.printJson(Object.fromEntries(rows.map(({ name, value, json }) => [name, json === undefined ? value : json])));
    } else {
      const mark = (finding: Finding) => (finding.ok ? "ok" : out.paint("red", "MISSING"));
      out.print(...table(found.map((finding) => [finding.name, mark(finding), finding.value])));
      for (const { advice } of found) if (advice) out.hint(advice);
    }
    return found.every((finding) => finding.ok) ? 0 : 1;
  },
});
