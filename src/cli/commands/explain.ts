/** `tsflow explain`: a training step as operations → segments → kernels. */
import type { FlagSpecs } from "../../core/flags/value.ts";
import { flag } from "../../core/flags.ts";
import type { KernelExplanation, SegmentExplanation } from "../../session/plan/run/explain.ts";
import { bytes, printable } from "../../ui/format.ts";
import { type Call, defineCommand } from "../command.ts";
import { engineFlags, takeEngine } from "../model/engine.ts";
import { loadModel } from "../model/registry.ts";

const explainFlags = {
  ...engineFlags,
  nodes: flag.bool(false, "list the operations of each segment, and which kernel computes each"),
} satisfies FlagSpecs;

export default defineCommand({
  usage: "MODEL",
  about: "show what a training step becomes: operations, segments, kernels",
  examples: ["explain digits_mlp", "explain ./mine.ts --nodes"],
  flags: explainFlags,
  words: [1, 1],
  async extend(look) {
    const word = look.words[0] ?? look.doubtful[0];
    return word ? { owner: word, flags: (await loadModel(word)).flags } : { owner: "the model", flags: {} };
  },
  run: explain,
});

/** Small programs become machine code only after a few runs. */
const stepsBefore = 4;

interface Explanation {
  readonly model: string;
  readonly engine: string;
  readonly operations: number;
  readonly stepOperations: number;
  readonly hostOperations: readonly { readonly type: string; readonly name: string }[];
  readonly segments: readonly SegmentExplanation[];
  readonly usage: { readonly bytes: number; readonly peakBytes: number };
}

async function explain({ flags, given, words, out }: Call<typeof explainFlags>): Promise<number> {
  const model = await loadModel(words[0]!);
  const tf = await import("../../index.ts");
  const { buildModel } = await import("../../train/model.ts");
  await takeEngine(flags);
  const values = given.values();
  const graph = new tf.Graph();
  graph.seed = 0;
  await graph.asDefault(async () => {
    const modelFlags = Object.fromEntries(Object.keys(model.flags).map((name) => [name, values[name]]));
    const built = buildModel(model, modelFlags, { seed: 0, note: () => {} });
    await using sess = new tf.Session({ graph });
    await sess.run([tf.globalVariablesInitializer(), tf.localVariablesInitializer()]);
    const feed = built.batches?.next() ?? [];
    for (let step = 0; step < stepsBefore; step++) {
      await sess.run([built.loss, built.trainOp], { feedDict: feed });
    }
    const plan = sess.plan(
      [built.loss, built.trainOp],
      feed.map(([tensor]) => tensor),
    );
    const explanation: Explanation = {
      model: model.name,
      engine: sess.state.engine.name,
      operations: graph.operations.length,
      stepOperations: plan.nodes.length,
      hostOperations: plan.hostNodes.map((op) => ({ type: op.type, name: op.name })),
      segments: plan.segments.flatMap((segment) => segment.explain()),
      usage: { ...sess.state.engine.usage },
    };
    if (out.json) out.printJson(asJson(explanation));
    else out.print(...linesOf(explanation, flags.nodes));
  });
  return 0;
}

const isReference = ({ text }: KernelExplanation): boolean => text.startsWith("reference ");

/** Segments that are not machine code all through. */
const slowSegments = (segments: readonly SegmentExplanation[]): SegmentExplanation[] =>
  segments.filter(({ isCompiled, kernels }) => !isCompiled || kernels.some(isReference));

function asJson({ segments, usage, ...rest }: Explanation): object {
  return {
    ...rest,
    slowSegments: slowSegments(segments).length,
    engineBytes: usage.bytes,
    enginePeakBytes: usage.peakBytes,
    segments: segments.map(({ nodes, inputs, kernels, vanished, memory, isCompiled }) => ({
      operations: nodes.map((op) => op.name),
      inputs,
      compiled: isCompiled,
      memory,
      kernels: kernels.map(({ text, bytes: moved, nodes: own }) => ({
        kernel: text,
        bytes: moved,
        operations: own.map((op) => op.name),
      })),
      vanished: vanished.map((op) => op.name),
    })),
  };
}

function linesOf(explanation: Explanation, listsNodes: boolean): string[] {
  const { model, engine, operations, stepOperations, hostOperations, segments, usage } = explanation;
  const kernels = segments.reduce((sum, segment) => sum + segment.kernels.length, 0);
  return [
    `${model}: ${operations} operations in the graph, ${stepOperations} in a training step`,
    `  ${segments.length} segments, ${kernels} kernels, ${hostOperations.length} operations outside them; engine ${engine}`,
    `  ${slowSegments(segments).length} segments on the call list or the reference`,
    `  engine memory ${bytes(usage.bytes)}, at most ${bytes(usage.peakBytes)}`,
    ...segments.flatMap((segment, i) => segmentLines(segment, i, listsNodes)),
    ...hostOperations.map(({ type, name }) => `host: ${type} ${printable(name)}`),
  ];
}

function segmentLines(segment: SegmentExplanation, index: number, listsNodes: boolean): string[] {
  const { nodes, inputs, kernels, vanished, memory } = segment;
  const shapes = inputs.map((shape) => (shape ? `[${shape.join(",")}]` : "variable"));
  const room = `inputs ${bytes(memory.inputs)}, buffers ${bytes(memory.buffers)}, constants ${bytes(memory.constants)}`;
  const width = Math.min(64, Math.max(0, ...kernels.map(({ text }) => text.length)));
  return [
    `segment ${index}: ${nodes.length} operations → ${kernels.length} kernels`,
    ...(shapes.length > 0 ? [`  takes ${shapes.join(" ")}`] : []),
    `  memory: ${room}`,
    ...(listsNodes ? nodes.map((op) => `    ${op.type.padEnd(28)} ${printable(op.name)}`) : []),
    ...kernels.map((kernel) => `  ${kernelLine(kernel, width, listsNodes)}`),
    ...(vanished.length > 0 ? [`  vanished: ${vanished.length} operations (${countedTypes(vanished)})`] : []),
  ];
}

const shownNodes = 3;

/** `matmul 100x128x784 NN float32, then add max    813.2 kB  ← dense/MatMul dense/Relu dense/BiasAdd + 2` */
function kernelLine({ text, bytes: moved, nodes }: KernelExplanation, width: number, listsNodes: boolean): string {
  const shown = listsNodes ? nodes : nodes.slice(0, shownNodes);
  const more = nodes.length > shown.length ? ` + ${nodes.length - shown.length}` : "";
  const names = shown.map((op) => printable(op.name)).join(" ");
  return `${text.padEnd(width)}  ${bytes(moved).padStart(9)}${names && `  ← ${names}${more}`}`;
}

/** `12 Const, 4 Reshape`: most frequent first. */
function countedTypes(ops: readonly { readonly type: string }[]): string {
  const counts = new Map<string, number>();
  for (const { type } of ops) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([type, count]) => `${count} ${type}`)
    .join(", ");
}
