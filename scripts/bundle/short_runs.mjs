/**
 * Which units a short run needs: the import of the library with one step of training, the shortest `tsflow train`, the list of models. They
 * are found by running them, each in a process of its own: node short_runs.mjs FILE RUN PLACES, with the names of the library behind it.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";

async function firstStep(tf) {
  const w = tf.getVariable("w", [], { initializer: tf.zerosInitializer() });
  const x = tf.placeholder(tf.float32, []);
  const loss = tf.square(x.sub(tf.multiply(w, x).add(1)));
  const train = new tf.train.GradientDescentOptimizer(0.1).minimize(loss);
  const sess = new tf.Session();
  await sess.run(tf.globalVariablesInitializer());
  const [value] = await sess.run([loss, train], { feedDict: [[x, 1]] });
  console.log(value);
}

const runs = {
  step: ({ publicNames }) => firstStep(publicNames()),
  names({ publicNames }, names) {
    const tf = publicNames();
    for (const name of names) tf[name];
  },
  scalar: ({ execute }) => execute(["train", "scalar_regression", "--max_step", "1"]),
  batches: ({ execute }) => execute(["train", "linear_regression", "--max_step", "1", "--quiet"]),
  models: ({ execute }) => execute(["models"]),
};

/** The places of the units that each run needs, of a script with all units. `names` are those that
 * `import * as tf` takes at once. */
export function unitsOfShortRuns(file, text, names) {
  const folder = mkdtempSync(join(tmpdir(), "tsflow-build-"));
  const places = join(folder, "places.json");
  writeFileSync(file, text);
  const ran = Object.keys(runs).map((run) => {
    const words = [fileURLToPath(import.meta.url), file, run, places, ...names];
    execFileSync(process.execPath, words, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
    return [run, JSON.parse(readFileSync(places, "utf8"))];
  });
  rmSync(folder, { recursive: true });
  rmSync(file);
  return Object.fromEntries(ran);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file, run, places, ...names] = process.argv.slice(2);
  const script = new Script(readFileSync(file, "utf8"), { filename: file });
  const module = { import: (specifier) => import(specifier) };
  const given = script.runInThisContext()({}, createRequire(file), module, file, dirname(file));
  process.on("exit", () => writeFileSync(places, JSON.stringify(given.ran())));
  await runs[run](given, names);
}
