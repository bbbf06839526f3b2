import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import lock from "../../package-lock.json" with { type: "json" };
import { bundle } from "../../scripts/bundle.mjs";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(root, "node_modules", ".tsflow-package-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
await bundle(folder);

interface Locked {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const shipped = Object.entries(lock.packages as Record<string, Locked>).filter(
  ([path, { dev }]) => path !== "" && !dev,
);

/** The source files whose code ran in a process. */
function ranIn(...args: readonly string[]): string[] {
  const coverage = mkdtempSync(join(folder, "coverage-"));
  const env = { ...process.env, NODE_V8_COVERAGE: coverage };
  execFileSync(process.execPath, args, { cwd: folder, env, stdio: "pipe" });
  const names = readdirSync(coverage).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(join(coverage, name), "utf8")) as Coverage;
    return result
      .filter(({ url }) => url.startsWith(pathToFileURL(folder).href) || url.startsWith(folder))
      .flatMap(({ functions }) => functions)
      .filter(({ ranges }) => ranges[0]!.count > 0)
      .map(({ functionName }) => functionName);
  });
  return names.filter((name) => /\.(m?js|tsx?|cjs)$/.test(name));
}

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly { readonly count: number }[];
    }[];
  }[];
}

describe("the package", () => {
  test("ships few packages, none with an install script", () => {
    expect(shipped.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([]);
    expect(shipped.length).toBeLessThanOrEqual(10);
  });

  test("has no install script of its own but the build of a clone", () => {
    const names = Object.keys(manifest.scripts);
    expect(names.filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
    expect(manifest.scripts.prepare).toBe("npm run build");
  });

  test("is locked without addresses", () => {
    expect(JSON.stringify(lock)).not.toMatch(/"resolved"|https?:[^"]*\.tgz/);
  });

  test("locks the optional packages of every platform, without which npm ci refuses", () => {
    const paths = Object.keys(lock.packages);
    const wanted = Object.values(lock.packages as Record<string, Locked>).flatMap(({ optionalDependencies = {} }) =>
      Object.keys(optionalDependencies),
    );
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.filter((name) => !paths.some((path) => path.endsWith(`node_modules/${name}`)))).toEqual([]);
  });

  test("asks for exact versions, and for the Node that CI has", () => {
    const versions = Object.values({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    expect(manifest.engines.node).toBe(">=20.19");
  });

  test("names files that are there", () => {
    for (const name of manifest.files.filter((file) => !/^!?dist/.test(file)))
      expect(existsSync(join(root, name)), name).toBe(true);
    expect(readFileSync(join(root, manifest.bin.tsflow), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});

describe("the program", () => {
  test("starts without library, messages or models", () => {
    const ran = ranIn("cli.cjs", "--help");
    expect(ran).toContain("src/cli/main.ts");
    expect(ran.filter((path) => !/^src\/(cli|core|ui)\/[^/]+/.test(path))).toEqual([]);
  });

  test("has the panel in a file that only a terminal loads, in React's production form", () => {
    const code = readFileSync(join(folder, "tsflow.cjs"), "utf8");
    expect(code).toContain('__import("./panel.js")');
    expect(code).not.toContain("createElement");
    expect(readFileSync(join(folder, "panel.js"), "utf8")).not.toContain("react-reconciler.development");
  });

  test("leaves compiled code behind, and runs without it, with a broken one and with that of another build", () => {
    const cache = join(folder, "models.cache");
    const models = () => execFileSync(process.execPath, [join(folder, "cli.cjs"), "models"], { encoding: "utf8" });
    rmSync(cache, { force: true });
    const wanted = models();
    const good = readFileSync(cache);
    const broken = Buffer.from(good);
    broken.fill(7, 80, 4000);
    for (const bytes of [Buffer.alloc(0), broken, Buffer.concat([Buffer.alloc(64, "0"), good.subarray(64)])]) {
      writeFileSync(cache, bytes);
      expect(models()).toBe(wanted);
      expect(readFileSync(cache).subarray(0, 64)).toEqual(good.subarray(0, 64));
    }
  });

  test("imports a user's model from its compiled code too, and without a warning", () => {
    const model = join(folder, "mine.mjs");
    writeFileSync(
      model,
      `import * as tf from "tsflow";
       export default tf.train.defineModel({ name: "mine", about: "of a user", flags: {}, build: () => {
         const w = new tf.Variable(1, { name: "w" });
         const loss = tf.square(w);
         return { loss, trainOp: new tf.train.GradientDescentOptimizer(0.1).minimize(loss) };
       } });`,
    );
    for (let run = 0; run < 2; run++) {
      const shown = spawnSync(process.execPath, [join(folder, "cli.cjs"), "models", "show", model], {
        encoding: "utf8",
      });
      expect(shown).toMatchObject({ status: 0, stderr: "" });
      expect(shown.stdout).toContain("mine: of a user");
    }
  });
});

describe("the library", () => {
  test("loads neither commander nor the commands", () => {
    const ran = ranIn("-e", 'import("./index.js")');
    expect(ran).toContain("src/index.ts");
    expect(ran.filter((path) => /commander|^src\/(cli|ui)\/|models\//.test(path))).toEqual([]);
  });

  test("gives a function under all its names, before its code has run as after it", () => {
    const code = `const tf = require("./index.cjs");
      const early = tf.lgamma;
      const facts = [early === tf.math.lgamma, early.length];
      const value = new tf.Session().runSync(early(tf.constant([1, 2], tf.float32)));
      process.stdout.write(JSON.stringify([...facts, early === tf.lgamma, typeof tf.Session, String(value)]));`;
    const shown = execFileSync(process.execPath, ["-e", code], { cwd: folder, encoding: "utf8" });
    expect(JSON.parse(shown)).toEqual([true, 2, true, "function", "[0. 0.]"]);
  });
});
