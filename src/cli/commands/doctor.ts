/** What this machine offers, one line each; nothing is changed and nothing is fetched. */
import { createRequire } from "node:module";
import { availableParallelism, cpus, totalmem } from "node:os";
import { version } from "../../core/version.ts";
import { chooseUi, minColumns, minRows } from "../../ui/choose.ts";
import { bytes, table } from "../../ui/format.ts";
import { defineCommand } from "../command.ts";

/** A module with one v128 instruction: (func (result v128) i32.const 0, i8x16.splat). */
const simdModule = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11,
];

interface Finding {
  readonly name: string;
  readonly value: string;
  readonly ok: boolean;
  readonly advice?: string;
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

function nativeFinding(): Finding {
  try {
    const require = createRequire(import.meta.url);
    const { version: found } = require("koffi/package.json") as { version: string };
    return { name: "native library", value: `koffi ${found}`, ok: true };
  } catch {
    const advice = "optional: npm install koffi, and a BLAS such as libopenblas, for --engine native";
    return { name: "native library", value: "koffi is not installed", ok: true, advice };
  }
}

function findings(): Finding[] {
  const simd = WebAssembly.validate(new Uint8Array(simdModule));
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
    { name: "shared memory", value: typeof SharedArrayBuffer === "function" ? "yes" : "no", ok: true },
    nativeFinding(),
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
    if (out.json) out.printJson(Object.fromEntries(found.map(({ name, value }) => [name, value])));
    else {
      const mark = (finding: Finding) => (finding.ok ? "ok" : out.paint("red", "MISSING"));
      out.print(...table(found.map((finding) => [finding.name, mark(finding), finding.value])));
      for (const { advice } of found) if (advice) out.hint(advice);
    }
    return found.every((finding) => finding.ok) ? 0 : 1;
  },
});
