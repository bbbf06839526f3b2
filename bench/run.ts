/**
 * npm run bench -- [--quick] [--only W1,W5,data] [--json] [--peer "PYTHON"] [--threads N] [--engine auto|wasm|native]
 *
 * A ratio is the peer's time by ours in the same run, best window by best window: above 1, tsflow is faster. Ours and the peer take turns. `--peer` is the
 * command line of a Python that has TensorFlow; without it there are no ratios.
 *
 * With --json, one object on stdout:
 *     { node, peer (name or null), engine (as asked), threads, quick, rows: [{
 *         work, way, value, unit,          what ran, how, and the best window
 *         median?,                         the median window
 *         peer?, ratio?,                   the peer's best window, and how many times as fast ours is
 *         target?: { of: "ratio" | "value", at: "least" | "most", limit }, pass?, note? }] }
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Peer } from "./peer.ts";
import { tableOf } from "./rows.ts";
import { measureSuite } from "./suite.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    json: { type: "boolean", default: false },
    peer: { type: "string" },
    threads: { type: "string", default: "1" },
    engine: { type: "string", default: "auto" },
  },
});
const { engine } = values;
if (engine !== "auto" && engine !== "wasm" && engine !== "native")
  throw new Error(`--engine auto|wasm|native, not ${engine}`);
const threads = Number(values.threads);
if (!Number.isInteger(threads) || threads < 1) throw new Error(`--threads: a number from 1 on, not ${values.threads}`);
const only = values.only?.split(",").map((name) => name.trim().toLowerCase());

const peer = values.peer === undefined ? null : await Peer.start(values.peer, threads);
const tell = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
};
try {
  const rows = await measureSuite({
    choice: { engine, threads },
    wants: (name) => !only || only.includes(name.toLowerCase()),
    peer,
    peerCommand: values.peer ?? null,
    quick: values.quick,
    program: resolve(process.cwd(), "bin/tsflow.js"),
    tell,
  });
  tell("");
  if (values.json) {
    const facts = { node: process.version, peer: peer?.name ?? null, engine, threads, quick: values.quick };
    process.stdout.write(`${JSON.stringify({ ...facts, rows })}\n`);
  } else {
    const beside = peer ? `beside ${peer.name}` : "no peer: ratios are absent (--peer PYTHON)";
    const head = `node ${process.version}, engine ${engine}, ${threads === 1 ? "1 thread" : `${threads} threads`}, ${beside}`;
    process.stdout.write(`${[head, "", ...tableOf(rows)].join("\n")}\n`);
  }
} finally {
  peer?.close();
}
process.exit(0);
