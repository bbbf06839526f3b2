/** `tf.test.main`: runs the tests of cases and prints what absl prints. Source: absl/testing/absltest.py; unittest/runner.py. */
import { AssertionError, UnimplementedError } from "../../core/error.ts";
import { exit, nowMs, writeStderr } from "../../core/host.ts";
import { pythonFloat } from "../../core/text/float_text.ts";
import * as logging from "../../core/text/logging.ts";
import { temporaryFolder } from "../../io/paths.ts";
import { SkipTest } from "./asserts.ts";
import type { TestCase } from "./test_case.ts";

type CaseClass = new () => TestCase;

let folder: string | null = null;

/** A folder for the files of this run's tests. */
export function getTempDir(): string {
  folder ??= temporaryFolder();
  return folder;
}

interface Outcome {
  readonly kind: "ok" | "fail" | "error" | "skip";
  readonly text: string;
}

const methodsOf = (type: CaseClass): string[] => {
  const names = new Set<string>();
  for (let at = type.prototype; at && at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const name of Object.getOwnPropertyNames(at))
      if (/^test/.test(name) && name !== "testSession") names.add(name);
  return [...names].sort();
};

async function attempt(test: TestCase, method: string): Promise<Outcome> {
  try {
    await test.setUp();
    try {
      await (test as unknown as Record<string, () => unknown>)[method]!();
    } finally {
      await test.tearDown();
    }
    return { kind: "ok", text: "" };
  } catch (error) {
    if (error instanceof SkipTest) return { kind: "skip", text: error.message };
    const { name, message, stack = "" } = error as Error;
    const isFailure = error instanceof AssertionError || name === "AssertionError";
    const lines = stack.split("\n").filter((line) => /^\s+at /.test(line));
    return { kind: isFailure ? "fail" : "error", text: [...lines, `${name}: ${message}`].join("\n") };
  }
}

const double = "=".repeat(70);
const single = "-".repeat(70);

/** Runs every method whose name begins with `test`, sorted, each on an instance of its own. How many passed not. */
export async function runTests(cases: readonly CaseClass[]): Promise<number> {
  const start = nowMs();
  const told: { readonly kind: Outcome["kind"]; readonly title: string; readonly text: string }[] = [];
  let count = 0;
  for (const type of cases) {
    for (const method of methodsOf(type)) {
      const title = `${type.name}.${method}`;
      writeStderr(`[ RUN      ] ${title}\n`);
      const begin = nowMs();
      const { kind, text } = await attempt(new type(), method);
      const words = { ok: "[       OK ]", fail: "[  FAILED  ]", error: "[  FAILED  ]", skip: "[  SKIPPED ]" }[kind];
      logging.info("time(__main__.%s): %ss", title, pythonFloat(Math.round((nowMs() - begin) / 10) / 100));
      writeStderr(`${words} ${title}${kind === "skip" ? ` - ${text}` : ""}\n`);
      told.push({ kind, title, text });
      count++;
    }
  }
  const of = (kind: Outcome["kind"]) => told.filter((each) => each.kind === kind);
  for (const { kind, title, text } of [...of("error"), ...of("fail")]) {
    const [, method] = title.split(".");
    const head = `${kind === "error" ? "ERROR" : "FAIL"}: ${method} (__main__.${title})`;
    writeStderr(`${double}\n${head}\n${title}\n${single}\n${text}\n\n`);
  }
  const seconds = ((nowMs() - start) / 1000).toFixed(3);
  writeStderr(`${single}\nRan ${count} test${count === 1 ? "" : "s"} in ${seconds}s\n\n`);
  const counts = [
    ["failures", of("fail").length],
    ["errors", of("error").length],
    ["skipped", of("skip").length],
  ] as const;
  const shown = counts.filter(([, n]) => n > 0).map(([name, n]) => `${name}=${n}`);
  const failed = of("fail").length + of("error").length;
  writeStderr(`${failed > 0 ? "FAILED" : "OK"}${shown.length ? ` (${shown.join(", ")})` : ""}\n`);
  return failed;
}

/** Runs the tests of these cases and leaves the process: 0 when all passed, 1 otherwise. */
export async function main(...cases: readonly CaseClass[]): Promise<never> {
  return exit((await runTests(cases)) > 0 ? 1 : 0);
}

/** There are no servers in this process: a cluster's servers are TensorFlow's own. Throws UNIMPLEMENTED. */
export function createLocalCluster(): never {
  throw new UnimplementedError(
    'tf.test.createLocalCluster starts servers, which this process cannot be: start TensorFlow\'s own, python -c "import tensorflow as tf; tf.distribute.Server.create_local_server().join()"',
  );
}
