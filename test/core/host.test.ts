import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { describe, expect, test } from "vitest";
import { env, hostname, memoryLimitBytes, nowMs, nowSeconds, pid } from "../../src/core/host.ts";
import { temporaryFolder } from "../io/temporary.ts";

const program = (body: string): string => {
  const outfile = join(temporaryFolder(), "program.mjs");
  const contents = `import { exit, log, onExit } from ${JSON.stringify(join(import.meta.dirname, "../../src/core/host.ts"))};\n${body}`;
  buildSync({
    stdin: { contents, resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile,
  });
  return outfile;
};

const standardError = (file: string, level?: string): string => {
  const environment = { ...process.env, ...(level === undefined ? {} : { TF_CPP_MIN_LOG_LEVEL: level }) };
  const shell = execFileSync("sh", ["-c", `"${process.execPath}" "${file}" 2>&1 >/dev/null`], { env: environment });
  return shell.toString();
};

describe("host", () => {
  test("tells the environment, the process and two clocks that agree", () => {
    expect(env("PATH")).toBe(process.env.PATH);
    expect(env("TSFLOW_NO_SUCH_VARIABLE")).toBeUndefined();
    expect(pid()).toBe(process.pid);
    expect(hostname()).not.toBe("");
    expect(Math.abs(nowSeconds() * 1000 - nowMs())).toBeLessThan(60_000);
    expect(memoryLimitBytes()).toBeGreaterThan(2 ** 20);
  });

  test.each([
    ["0", "INFO: a\nWARNING: b\nERROR: c\n"],
    ["1", "WARNING: b\nERROR: c\n"],
    ["2", "ERROR: c\n"],
    ["3", ""],
  ])("TF_CPP_MIN_LOG_LEVEL=%s leaves %j", (level, text) => {
    expect(standardError(program('log("INFO", "a"); log("WARNING", "b"); log("ERROR", "c");'), level)).toBe(text);
  });

  test("calls at the end of the process what was not taken back", () => {
    expect(
      standardError(program('onExit(() => log("ERROR", "end")); onExit(() => log("ERROR", "no"))(); exit(0);')),
    ).toBe("ERROR: end\n");
  });
});
