/** Goldens that are graphs to run: random streams, initializers, optimizers, seeds, curves, SavedModels. */
import { readFileSync } from "node:fs";
import { dtypeOf } from "../../../src/core/dtype.ts";
import { allocateElements, NdArray } from "../../../src/core/nd_array.ts";
import { Graph } from "../../../src/graph/graph.ts";
import type { Session } from "../../../src/session/session.ts";
import { importMetaGraph } from "../../../src/train/import_meta_graph.ts";
import { load } from "../../../src/train/saved_model/loader.ts";
import { difference, type GoldenValue, type Tolerance, toArray } from "../values.ts";
import {
  defaultTolerance,
  type Family,
  type GoldenCase,
  type Goldens,
  graphOf,
  numberDiffers,
  valueOf,
  valuesDiffer,
  withSession,
} from "./verdict.ts";

type Values = Readonly<Record<string, GoldenValue>>;

const fetch = async (sess: Session, names: readonly string[], feeds: Values = {}): Promise<NdArray[]> =>
  (await sess.run([...names] as never, {
    feedDict: Object.entries(feeds).map(([name, value]) => [name, toArray(value)]),
  })) as NdArray[];

interface RandomCase {
  readonly name: string;
  readonly graph: string;
  readonly fetches: readonly string[];
  readonly runs: readonly Values[];
  readonly tol?: Tolerance;
}

const randomCase = ({ name, graph, fetches, runs, tol }: RandomCase): GoldenCase => ({
  name,
  run: () =>
    withSession(graphOf(graph), async (sess) => {
      for (const [i, want] of runs.entries()) {
        const values = await fetch(sess, fetches);
        for (const [k, tensor] of fetches.entries()) {
          const bad = difference(values[k]!, want[tensor]!, tol ?? defaultTolerance);
          if (bad) return `run ${i}, ${tensor}: ${bad}`;
        }
      }
      return null;
    }),
});

export const rng = (goldens: Goldens): Family[] =>
  ["random_ops", "stateless_ops"].map((name) => ({
    name,
    cases: goldens.cases<RandomCase>("rng", `${name}.json`).map(randomCase),
  }));

interface InitializerCase {
  readonly name: string;
  readonly graph: string;
  readonly variable: string;
  readonly init_op: string;
  readonly value: GoldenValue;
  readonly value_of_second_init_run: GoldenValue;
  readonly tol?: Tolerance;
}

/** Logarithms and sines of single precision differ in the last bits. */
const nearBits: Tolerance = { rtol: 1e-5, atol: 2e-6 };

export const initializers = (goldens: Goldens): Family[] => [
  {
    name: "initializers",
    cases: goldens
      .cases<InitializerCase>("initializers", "initializers.json")
      .map(({ name, graph, variable, init_op, value, value_of_second_init_run: second, tol = nearBits }) => ({
        name,
        run: () =>
          withSession(graphOf(graph), async (sess) => {
            for (const want of [value, second]) {
              await sess.run(init_op);
              const bad = difference(await valueOf(sess, variable), want, tol);
              if (bad) return bad;
            }
            return null;
          }),
      })),
  },
];

interface Trajectory {
  readonly name: string;
  readonly graph: string;
  readonly init_op: string;
  readonly loss: string;
  readonly train_op: string;
  readonly global_step: string;
  readonly initial: Values;
  readonly steps: readonly { loss_before: number; global_step: number; values: Record<string, readonly unknown[]> }[];
}

const trajectory = (golden: Trajectory): GoldenCase => ({
  name: golden.name,
  run: () =>
    withSession(graphOf(golden.graph), async (sess) => {
      await sess.run(golden.init_op);
      for (const [i, { loss_before, global_step, values }] of golden.steps.entries()) {
        const loss = numberDiffers(Number(await sess.run(golden.loss)), loss_before, nearBits, `step ${i}: loss`);
        if (loss) return loss;
        await sess.run(golden.train_op);
        const step = Number(await valueOf(sess, golden.global_step));
        if (step !== global_step) return `step ${i}: global_step ${step}, wanted ${global_step}`;
        const wanted = Object.entries(golden.initial).map(([name, { dtype, shape }]) => [
          name,
          { dtype, shape, values: values[name]! },
        ]);
        const bad = await valuesDiffer(sess, Object.fromEntries(wanted), nearBits, `step ${i}: `);
        if (bad) return bad;
      }
      return null;
    }),
});

interface Schedule {
  readonly name: string;
  readonly graph: string;
  readonly feed: string;
  readonly fetch: string;
  readonly global_steps: readonly number[];
  readonly values: readonly number[];
}

const schedule = (golden: Schedule): GoldenCase => ({
  name: golden.name,
  run: () =>
    withSession(graphOf(golden.graph), async (sess) => {
      for (const [i, step] of golden.global_steps.entries()) {
        const rate = Number(await sess.run(golden.fetch, { feedDict: [[golden.feed, Number(step)]] }));
        const bad = numberDiffers(rate, golden.values[i]!, nearBits, `step ${step}`);
        if (bad) return bad;
      }
      return null;
    }),
});

interface Averages {
  readonly name: string;
  readonly graph: string;
  readonly init_op: string;
  readonly update_op: string;
  readonly apply_op: string;
  readonly global_variables: readonly string[];
  readonly average_names: readonly string[];
  readonly steps: readonly {
    delta: GoldenValue;
    variables: readonly GoldenValue[];
    averages: readonly GoldenValue[];
  }[];
}

const averages = (golden: Averages): GoldenCase => ({
  name: golden.name,
  run: () => {
    const graph = graphOf(golden.graph);
    const delta = graph.operations.find((op) => op.definition.placeholder)!.outputs[0]!.name;
    return withSession(graph, async (sess) => {
      await sess.run(golden.init_op);
      const names = golden.global_variables.filter((name) => !name.includes("ExponentialMovingAverage"));
      for (const [i, step] of golden.steps.entries()) {
        await sess.run(golden.update_op, { feedDict: [[delta, toArray(step.delta)]] });
        await sess.run(golden.apply_op);
        const pairs = [
          ...step.variables.map((value, k) => [names[k]!, value] as const),
          ...step.averages.map((value, k) => [`${golden.average_names[k]}:0`, value] as const),
        ];
        const bad = await valuesDiffer(sess, Object.fromEntries(pairs), nearBits, `step ${i}: `);
        if (bad) return bad;
      }
      return null;
    });
  },
});

interface Clipped {
  readonly name: string;
  readonly graph: string;
  readonly init_op: string;
  readonly train_op: string;
  readonly variables: readonly string[];
  readonly steps: readonly { global_step: number; values: readonly GoldenValue[] }[];
}

const clipped = (golden: Clipped): GoldenCase => ({
  name: golden.name,
  run: () =>
    withSession(graphOf(golden.graph), async (sess) => {
      await sess.run(golden.init_op);
      for (const [i, { values }] of golden.steps.entries()) {
        await sess.run(golden.train_op);
        const wanted = Object.fromEntries(values.map((value, k) => [golden.variables[k]!, value]));
        const bad = await valuesDiffer(sess, wanted, nearBits, `step ${i}: `);
        if (bad) return bad;
      }
      return null;
    }),
});

export const optimizers = (goldens: Goldens): Family[] => [
  { name: "trajectories", cases: goldens.cases<Trajectory>("optimizers", "trajectories.json").map(trajectory) },
  { name: "schedules", cases: goldens.cases<Schedule>("optimizers", "schedules.json").map(schedule) },
  { name: "moving_averages", cases: goldens.cases<Averages>("optimizers", "moving_averages.json").map(averages) },
  { name: "grads_and_vars", cases: goldens.cases<Clipped>("optimizers", "grads_and_vars.json").map(clipped) },
];

interface Seeds {
  readonly init_op: string;
  readonly train_op: string;
  readonly loss: string;
  readonly initial_values: Values;
  readonly final_values: Values;
  readonly constant_feeds?: Values;
  readonly before_training?: readonly { target: string; feeds: Values }[];
  readonly fetched_with_train?: readonly string[];
  readonly steps: readonly { loss: number | string; feeds?: Record<string, number>; values?: readonly unknown[] }[];
}

const training: Tolerance = { rtol: 2e-4, atol: 1e-5 };

const seedProgram = (goldens: Goldens, name: string): GoldenCase => ({
  name,
  run: () => {
    const golden = goldens.read<Seeds>("seeds", name, "expected.json");
    const graph = new Graph();
    graph.asDefault(() => importMetaGraph(goldens.path("seeds", name, "graph.meta")));
    return withSession(graph, async (sess) => {
      await sess.run(golden.init_op);
      const initial = await valuesDiffer(sess, golden.initial_values, nearBits, "initial ");
      if (initial) return initial;
      for (const { target, feeds } of golden.before_training ?? []) {
        const feedDict = Object.entries(feeds).map(([key, value]) => [key, toArray(value)] as const);
        await sess.run(target, { feedDict });
      }
      const constants = Object.entries(golden.constant_feeds ?? {}).map(
        ([key, value]) => [key, toArray(value)] as const,
      );
      const fetched = golden.fetched_with_train ?? [golden.loss];
      for (const [i, step] of golden.steps.entries()) {
        const feedDict = [...constants, ...Object.entries(step.feeds ?? {})];
        const [values] = (await sess.run([[...fetched], graph.getOperationByName(golden.train_op)] as never, {
          feedDict,
        })) as unknown as [NdArray[]];
        const wanted = step.values ? [step.loss, ...step.values] : [step.loss];
        for (const [k, want] of wanted.entries()) {
          const bad = numberDiffers(Number(values[k]), want as number, training, `step ${i}: ${fetched[k]}`);
          if (bad) return bad;
        }
      }
      return valuesDiffer(sess, golden.final_values, training, "final ");
    });
  },
});

const seedNames = ["linear_scalar", "linear_scopes", "softmax_classifier", "shared_filters", "flow_and_queue"];

export const seeds = (goldens: Goldens): Family[] => [
  {
    name: "seeds",
    cases: seedNames
      .filter((name) => goldens.has("seeds", name, "expected.json"))
      .map((name) => seedProgram(goldens, name)),
  },
];

interface Curve {
  readonly name: string;
  readonly data: {
    readonly images: readonly [string, readonly number[]];
    readonly labels: readonly [string, readonly number[]];
  };
  readonly batch_size: number;
  readonly init_op: string;
  readonly train_op: string;
  readonly loss: string;
  readonly losses: readonly number[];
  readonly initial_values: Values;
  readonly final_values: Values;
  readonly final_accuracy: number;
  /** Absent where a dropout draws for them too. */
  readonly final_logits_of_first_rows?: GoldenValue;
  readonly tol: Tolerance;
}

/** n rows of bytes from one on, again from the start behind the end. */
function rowsOf(bytes: Uint8Array, rowBytes: number, from: number, n: number): Uint8Array {
  const total = bytes.length / rowBytes;
  const taken = new Uint8Array(n * rowBytes);
  for (let i = 0; i < n; i++) {
    const row = (from + i) % total;
    taken.set(bytes.subarray(row * rowBytes, (row + 1) * rowBytes), i * rowBytes);
  }
  return taken;
}

const curve = (goldens: Goldens, name: string): GoldenCase => ({
  name,
  run: () => {
    const golden = goldens.read<Curve>("curves", `${name}.json`);
    const [imageFile, [n, height, width]] = golden.data.images as [string, [number, number, number]];
    const images = new Uint8Array(readFileSync(goldens.path("curves", imageFile)));
    const labels = new Uint8Array(readFileSync(goldens.path("curves", golden.data.labels[0])));
    const feeds = (from: number, count: number): [string, NdArray][] => {
      const classes = allocateElements(dtypeOf("int32"), count) as Int32Array;
      new Uint8Array(classes.buffer).set(rowsOf(labels, 4, from, count));
      return [
        [
          "images:0",
          new NdArray(dtypeOf("uint8"), [count, height, width], rowsOf(images, height * width, from, count)),
        ],
        ["labels:0", new NdArray(dtypeOf("int32"), [count], classes)],
      ];
    };
    const graph = graphOf(new Uint8Array(readFileSync(goldens.path("curves", `${name}.pb`))));
    return withSession(graph, async (sess) => {
      await sess.run(golden.init_op);
      const initial = await valuesDiffer(sess, golden.initial_values, nearBits, "initial ");
      if (initial) return initial;
      const size = golden.batch_size;
      for (const [i, want] of golden.losses.entries()) {
        const feedDict = feeds((i * size) % n, size);
        const [loss] = (await sess.run([golden.loss, golden.train_op], { feedDict })) as unknown as [NdArray];
        const bad = numberDiffers(Number(loss), want, golden.tol, `loss ${i}`);
        if (bad) return bad;
      }
      const final = await valuesDiffer(sess, golden.final_values, golden.tol, "final ");
      if (final) return final;
      const wanted = golden.final_logits_of_first_rows;
      if (!wanted) return null;
      const logits = (await sess.run("logits:0", { feedDict: feeds(0, wanted.shape[0]!) })) as unknown as NdArray;
      // Each is a sum over the last layer: its error goes with the largest, not with itself.
      const largest = Math.max(...wanted.values!.map((value) => Math.abs(Number(value))));
      const bad = difference(logits, wanted, { ...golden.tol, atol: golden.tol.rtol * largest });
      return bad && `logits: ${bad}`;
    });
  },
});

export const curves = (goldens: Goldens): Family[] => [
  {
    name: "curves",
    cases: ["mlp_sgd", "mlp_momentum", "mlp_dropout_adam", "lenet_momentum", "lenet_adam"]
      .filter((name) => goldens.has("curves", `${name}.json`))
      .map((name) => curve(goldens, name)),
  },
];

interface SavedModelCase {
  readonly tags: readonly string[];
  readonly signature: string;
  readonly signature_def: Record<string, Record<"inputs" | "outputs", Record<string, { name: string }>>>;
  readonly collections: readonly string[];
  readonly inputs: Values;
  readonly outputs: Values;
  readonly variables: { readonly tensors: Values };
}

const savedModel = (goldens: Goldens, name: string): GoldenCase => ({
  name,
  run: () => {
    const golden = goldens.read<SavedModelCase>("saved_models", name, "expected.json");
    const graph = new Graph();
    return withSession(graph, async (sess) => {
      const meta = await load(sess, golden.tags, goldens.path("saved_models", name));
      const keys = Object.keys(meta.collectionDef ?? {}).sort();
      if (String(keys) !== String([...golden.collections].sort())) return `collections ${keys}`;
      const signature = golden.signature_def[golden.signature]!;
      const feeds = Object.entries(golden.inputs).map(([key, value]) => [signature.inputs[key]!.name, value]);
      const keysOut = Object.keys(golden.outputs);
      const names = keysOut.map((key) => signature.outputs[key]!.name);
      const values = await fetch(sess, names, Object.fromEntries(feeds));
      for (const [k, key] of keysOut.entries()) {
        const bad = difference(values[k]!, golden.outputs[key]!, defaultTolerance);
        if (bad) return `output ${key}: ${bad}`;
      }
      const wanted = Object.entries(golden.variables.tensors).map(([key, value]) => [`${key}:0`, value]);
      return valuesDiffer(sess, Object.fromEntries(wanted));
    });
  },
});

export const savedModels = (goldens: Goldens): Family[] => [
  {
    name: "saved_models",
    cases: ["simple", "with_asset"]
      .filter((name) => goldens.has("saved_models", name, "expected.json"))
      .map((name) => savedModel(goldens, name)),
  },
];
