/** The same work in real TensorFlow, where a Python with it is given. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Timing } from "./measure.ts";

const scripts = resolve(process.cwd(), "../shared/peers");
const ownScripts = resolve(process.cwd(), "bench/peers");

/** The peer's script for a work: beside the checkout, or here. */
function scriptOf(work: string): string {
  const name = `tf_${work.toLowerCase()}.py`;
  const own = resolve(ownScripts, name);
  return existsSync(own) ? own : resolve(scripts, name);
}

/** One process of the peer; null where Python or the script is not there. */
export function timePeer(python: string | null, work: string, threads: number, steps: number): Timing | null {
  const script = scriptOf(work);
  if (!python || !existsSync(script) || !existsSync(scripts)) return null;
  const { stdout, status, stderr } = spawnSync(
    python,
    [script, "--steps", String(steps), "--threads", String(threads)],
    {
      encoding: "utf8",
      cwd: scripts,
      env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3" },
    },
  );
  if (status !== 0) throw new Error(`peer ${work}: ${stderr.slice(-500)}`);
  const line = JSON.parse(stdout.trim().split("\n").at(-1)!) as { us_per_step: number; us_median: number };
  return { bestUs: line.us_per_step, medianUs: line.us_median };
}

/** Microseconds a step of bench/peers/tf_queue.py on the same file, on average; null where Python is not given. */
export function timeQueuePeer(python: string | null, path: string, threads: number, steps: number): number | null {
  const script = resolve(process.cwd(), "bench/peers/tf_queue.py");
  if (!python) return null;
  const args = [script, "--path", path, "--steps", String(steps), "--threads", String(threads)];
  const { stdout, status, stderr } = spawnSync(python, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`peer queue: ${stderr.slice(-500)}`);
  return (JSON.parse(stdout.trim().split("\n").at(-1)!) as { us_mean: number }).us_mean;
}

/** GFLOP/s of the peer's matmul by size. */
export function peerMatmul(python: string | null, threads: number): ReadonlyMap<number, number> {
  const script = resolve(scripts, "tf_w5.py");
  if (!python || !existsSync(script)) return new Map();
  const { stdout, status } = spawnSync(python, [script, "--threads", String(threads)], {
    encoding: "utf8",
    cwd: scripts,
  });
  if (status !== 0) return new Map();
  const { gflops } = JSON.parse(stdout.trim().split("\n").at(-1)!) as { gflops: Record<string, number> };
  return new Map(Object.entries(gflops).map(([n, value]) => [Number(n), value]));
}

/** Milliseconds from the start of a process to its first loss. */
export function peerStart(python: string | null): number | null {
  const script = resolve(scripts, "tf_w6.py");
  if (!python || !existsSync(script)) return null;
  const { stdout, status } = spawnSync(python, [script], { encoding: "utf8", cwd: scripts });
  return status === 0 ? (JSON.parse(stdout.trim().split("\n").at(-1)!) as { ms_total: number }).ms_total : null;
}
