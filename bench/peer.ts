/** The same works in real TensorFlow: one process for a number of threads, asked for one work after another. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Timing } from "./measure.ts";

const script = (name: string): string => resolve(process.cwd(), "bench/peers", name);

/** Words of a command line: quotes keep spaces. */
export const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) => double ?? single ?? plain!);

export class Peer {
  readonly name: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcessWithoutNullStreams, lines: AsyncIterator<string>, name: string) {
    this.#child = child;
    this.#lines = lines;
    this.name = name;
  }

  /** Starts it. `command` is the command line of a Python that has TensorFlow. */
  static async start(command: string, threads: number): Promise<Peer> {
    const [program, ...args] = wordsOf(command);
    const child = spawn(program!, [...args, script("tf_peer.py"), String(threads)]);
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors = (errors + text).slice(-2000);
    });
    child.on("error", () => {}); // the end of its lines tells
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done) throw new Error(`the peer ${command} does not start: ${errors}`);
    return new Peer(child, lines, (JSON.parse(first.value) as { peer: string }).peer);
  }

  /** Measures a work for so many seconds. Throws when the peer ends. */
  async time(work: string, seconds: number, path?: string): Promise<Timing> {
    this.#child.stdin.write(`${JSON.stringify({ work, seconds, path })}\n`);
    const line = await this.#lines.next();
    if (line.done) throw new Error(`the peer ended in ${work}`);
    const { best_us, median_us } = JSON.parse(line.value) as { best_us: number; median_us: number };
    return { bestUs: best_us, medianUs: median_us };
  }

  close(): void {
    this.#child.kill();
  }
}

/** Milliseconds of a whole process of the peer that runs one of bench/peers. */
export function timePeerProcess(command: string, name: string, args: readonly string[]): number {
  const [program, ...words] = wordsOf(command);
  const start = performance.now();
  const { status, stderr } = spawnSync(program!, [...words, script(name), ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(`peer ${name}: ${stderr.slice(-500)}`);
  return performance.now() - start;
}
