/** Signatures, clusters and the devices of replicas, against TensorFlow's (test/fixtures/train/make_parts.py). */
import { describe, expect, test } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { errorLines } from "../error_lines.ts";
import expected from "../fixtures/train/parts.json" with { type: "json" };

function words(run: () => unknown): string {
  try {
    return String(run());
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

/** Maps are printed in no order. */
const sorted = (text: string): string[] => text.split("\n").sort();
const inGraph = <T>(body: () => T): T => new Graph().asDefault(body);
const saved = tf.savedModel;

describe("signatures", () => {
  const want = expected.signatures;
  const { buildTensorInfo: info, buildSignatureDef, predictSignatureDef, getTensorFromTensorInfo } = saved;
  const { regressionSignatureDef: regression, classificationSignatureDef: classification } = saved;

  test("name tensors as TensorFlow's do, and refuse what cannot be served", () =>
    inGraph(() => {
      const examples = tf.placeholder(tf.string, [null], { name: "examples" });
      const x = tf.placeholder(tf.float32, [null, 3], { name: "x" });
      const scores = tf.identity(x, { name: "scores" });
      const classes = tf.identity(examples, { name: "classes" });
      const sparse = tf.sparsePlaceholder(tf.int64, [null, 4], { name: "sparse" });
      const unknown = tf.placeholder(tf.int32, { name: "unknown" });
      const ref = tf.getVariable("ref", [2]);
      const resource = tf.getVariable("resource", [2], { useResource: true });
      const infos = [x, sparse, unknown, ref, resource, examples].map((each) => sorted(String(info(each))));
      expect(infos).toEqual(want.infos.map(sorted));
      const made: Record<keyof typeof want.signatures, ReturnType<typeof buildSignatureDef>> = {
        predict: predictSignatureDef({ x }, { y: scores }),
        regress: regression(examples, scores),
        classify: classification(examples, classes, scores),
        "classify by scores": classification(examples, null, scores),
        built: buildSignatureDef({ a: info(x) }, { b: info(scores) }, "own", {
          a: tf.constant([[1, 2, 3]], tf.float32),
        }),
        "regress by hand": buildSignatureDef({
          inputs: { inputs: info(x) },
          outputs: { outputs: info(scores) },
          methodName: saved.REGRESS_METHOD_NAME,
        }),
        "classify nothing": buildSignatureDef({ inputs: info(examples) }, null, saved.CLASSIFY_METHOD_NAME),
        empty: buildSignatureDef(),
      };
      for (const [name, [text, isValid]] of Object.entries(want.signatures)) {
        const signature = made[name as keyof typeof made];
        expect(sorted(String(signature)), name).toEqual(sorted(text as string));
        expect(saved.isValidSignature(signature), name).toBe(isValid);
      }
      const none = null as unknown as tf.Tensor;
      expect([
        words(() => predictSignatureDef({}, { y: scores })),
        words(() => predictSignatureDef({ x }, null as never)),
        words(() => regression(none, scores)),
        words(() => regression("x" as never, scores)),
        words(() => regression(x, scores)),
        words(() => regression(examples, classes)),
        words(() => regression(examples, none)),
        words(() => classification(examples, null, null)),
        words(() => classification(x, classes, scores)),
        words(() => classification(examples, scores, scores)),
        words(() => classification(examples, classes, classes)),
        words(() => getTensorFromTensorInfo(new tf.TensorInfo())),
        words(() => getTensorFromTensorInfo({ name: "none:0" })),
        words(() => getTensorFromTensorInfo(info(x), null, "other")),
      ]).toEqual(want.errors);
      expect(String(getTensorFromTensorInfo(info(x)))).toBe(want.found);
      const found = getTensorFromTensorInfo(info(sparse), { graph: tf.getDefaultGraph() });
      expect("values" in found && found.values).toBe(sparse.values);
    }));

  test("the main op has TensorFlow's nodes", () =>
    inGraph(() => {
      tf.getVariable("v", [1]);
      saved.mainOp.mainOpWithRestore(tf.noOp({ name: "restore" }));
      const nodes = tf.getDefaultGraph().operations.filter(({ type }) => type === "NoOp");
      const found = nodes.map(({ name, controlInputs }) => [name, controlInputs.map((op) => `^${op.name}`).sort()]);
      expect(found).toEqual(want.main_op);
    }));
});

test("clusters have TensorFlow's words", () => {
  const { ClusterSpec, ServerDef } = tf.train;
  const spec = new ClusterSpec({ worker: ["w0:1", "w1:2"], ps: { 1: "p1:3" } });
  const def = spec.asClusterDef();
  const server = new ServerDef({ cluster: def, jobName: "worker", taskIndex: 1, protocol: "grpc" } as never);
  const again = new ClusterSpec(def);
  expect(again.equals(spec)).toBe(true);
  expect({
    text: String(spec),
    again: String(new ClusterSpec(again)),
    def: String(def),
    server: String(server),
    jobs: spec.jobs,
    tasks: [spec.numTasks("worker"), spec.taskIndices("ps"), spec.jobTasks("ps"), spec.taskAddress("ps", 1)],
    errors: [
      words(() => spec.numTasks("none")),
      words(() => spec.taskAddress("ps", 0)),
      words(() => new ClusterSpec({ a: "b" } as never)),
      words(() => new ClusterSpec(["a"] as never)),
      words(() => new ClusterSpec({ a: [1] } as never)),
    ],
  }).toEqual(expected.clusters);
});

const { replicaDeviceSetter } = tf.train;
const cluster = { ps: ["p0:1", "p1:1"], worker: ["w0:1"] };
const setters: Record<keyof typeof expected.devices, () => Parameters<typeof tf.device>[0]> = {
  "by tasks": () => replicaDeviceSetter(2),
  "by cluster": () => replicaDeviceSetter({ cluster, workerDevice: "/job:worker/task:0" }),
  "no merging": () => replicaDeviceSetter({ psTasks: 2, mergeDevices: false }),
  "own strategy": () => replicaDeviceSetter({ psTasks: 3, psStrategy: (op) => op.name.length % 3 }),
  "own ops": () => replicaDeviceSetter({ psTasks: 3, psOps: ["Const"] }),
  "no servers": () => replicaDeviceSetter({ cluster: { worker: ["w0:1"] } }),
  "no worker": () => replicaDeviceSetter(1, { workerDevice: "" }),
  "a plain function": () => (op) => (op.type === "MatMul" ? "/cpu:0" : op.device),
};

describe("devices of replicas", () => {
  test.each(Object.keys(setters) as (keyof typeof setters)[])("%s", (name) =>
    inGraph(async () => {
      let setter: Parameters<typeof tf.device>[0] = null;
      await errorLines(() => {
        setter = setters[name]();
      });
      const build = (): void => {
        const x = tf.placeholder(tf.float32, [null, 2], { name: "x" });
        const w = tf.getVariable("w", [2, 2]);
        const b = tf.getVariable("b", [2], { useResource: true });
        const c = tf.device("/cpu:1", () => tf.getVariable("c", [2]));
        const d = tf.device("/job:ps/task:7", () => tf.getVariable("d", [2]));
        const y = tf.matmul(x, w).add(b).add(c).add(d);
        const loss = tf.device("/job:local/cpu:0", () => tf.reduceSum(y));
        const globalStep = tf.train.getOrCreateGlobalStep();
        new tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss, { globalStep });
      };
      tf.device("/replica:0", () => tf.device(setter, build));
      const found = tf.getDefaultGraph().operations.map((op) => [op.name, op.device]);
      expect(found).toEqual(expected.devices[name]);
    }),
  );
});
