/** Runs the program on a file as a shell would, with the memory that it took. */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Measured {
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The most that the process had in memory; 0 when it did not end by itself. */
  readonly rssBytes: number;
}

/** Written to the fourth stream when the process leaves. */
const meter = `data:text/javascript,${encodeURIComponent(
  'import { writeSync } from "node:fs"; process.on("exit", () => writeSync(3, String(process.resourceUsage().maxRSS)));',
)}`;

export function writeFiles(folder: string, files: Readonly<Record<string, Uint8Array | string>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

/** The limit is a guard against hanging. */
const limitMs = 60_000;

export function measure(program: string, words: readonly string[], cwd: string): Promise<Measured> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(TSFLOW_|NODE_|VITEST|CI$)/.test(name)),
  );
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", meter, program, ...words], {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      timeout: limitMs,
      killSignal: "SIGKILL",
    });
    const texts = ["", "", "", ""];
    for (const i of [1, 2, 3])
      (child.stdio[i] as NodeJS.ReadableStream).setEncoding("utf8").on("data", (text: string) => (texts[i] += text));
    child.on("error", reject);
    child.on("close", (exit, signal) =>
      resolve({ exit, signal, stdout: texts[1]!, stderr: texts[2]!, rssBytes: 1024 * Number(texts[3]) }),
    );
  });
}
