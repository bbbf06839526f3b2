/** The panel in a real terminal: tmux draws what our escape codes make of it. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const hasTmux = spawnSync("tmux", ["-V"]).status === 0;
if (!hasTmux) process.stderr.write("tmux is not installed: the tests of the panel in a terminal are skipped\n");

const folder = mkdtempSync(join(tmpdir(), "tsflow-panel-"));
const socket = join(folder, "tmux");
const program = join(import.meta.dirname, `../../node_modules/.tsflow-panel-${process.pid}.mjs`);
const tmux = (...args: string[]): string =>
  execFileSync("tmux", ["-S", socket, "-f", "/dev/null", ...args], { encoding: "utf8" });
const screen = (...more: string[]): string => tmux("capture-pane", "-p", "-t", "run", ...more);

/** Waits until the screen shows something; the bound is a guard against hanging. */
async function until(shows: (text: string) => boolean, ...more: string[]): Promise<string> {
  for (let i = 0; i < 300; i++) {
    const text = screen(...more);
    if (shows(text)) return text;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the screen never showed it:\n${screen(...more)}`);
}

describe.skipIf(!hasTmux)("the panel in a terminal", () => {
  beforeAll(async () => {
    const entry = join(import.meta.dirname, "panel_program.ts");
    const options = { bundle: true, platform: "node", format: "esm", packages: "external" } as const;
    await build({
      ...options,
      entryPoints: [entry],
      outfile: program,
      define: { "process.env.NODE_ENV": '"production"' },
    });
  });
  afterAll(() => {
    spawnSync("tmux", ["-S", socket, "kill-server"]);
    rmSync(program, { force: true });
    rmSync(folder, { recursive: true });
  });

  test("draws in place, keeps the scrollback, obeys keys, and leaves the summary", async () => {
    const log = join(folder, "asked.txt");
    const command = `env -u CI -u NO_COLOR ${process.execPath} ${program} ${log}; echo "left with $?"; cat ${log}; sleep 600`;
    tmux("new-session", "-d", "-s", "run", "-x", "80", "-y", "24", command);

    const drawn = await until((text) => /╭─ loss ─+╮╭─ now ─+╮/.test(text) && /[\u2801-\u28ff]/u.test(text));
    expect(drawn.split("╭─ loss")).toHaveLength(2);
    tmux("send-keys", "-t", "run", "s");
    await until((text) => text.includes("saved model.ckpt-"));
    tmux("send-keys", "-t", "run", "q");
    await until((text) => text.includes("Stop?  s stop and save"));
    tmux("send-keys", "-t", "run", "s");
    const after = await until((text) => text.includes("left with 0"), "-S", "-200");

    expect(after).toContain("tsflow 0.1.0 · digits_softmax · runs/mnist · seed 1234 · wasm-simd ×4");
    expect(after.match(/saved model\.ckpt-/g)).toHaveLength(1);
    expect(after).not.toContain("╭─ loss");
    expect(after).toMatch(/Stopped \(user\): step \d+ in/);
    await until((text) => text.includes("asked: save, stop and save"));
  });
});
