/** `tsflow explain`: a training step as operations → segments → kernels. */
import type { FlagSpecs } from "../../core/flags/value.ts";
import { flag } from "../../core/flags.ts";
import { type Call, defineCommand } from "../command.ts";
import { loadModel } from "../model/registry.ts";

const explainFlags = {
  engine: flag.enum("auto", ["auto", "wasm", "reference"], "what computes"),
  nodes: flag.bool(false, "list the operations of each segment"),
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

async function explain({ flags, given, words, out }: Call<typeof explainFlags>): Promise<number> {
  const model = await loadModel(words[0]!);
  const tf = await import("../../index.ts");
  const { buildModel } = await import("../../train/model.ts");
  const { chooseEngine } = await import("../../session/default_engine.ts");
  chooseEngine(flags.engine as "auto");
  const values = given.values();
  const graph = new tf.Graph();
  graph.seed = 0;
  await graph.asDefault(async () => {
    const modelFlags = Object.fromEntries(Object.keys(model.flags).map((name) => [name, values[name]]));
    const built = buildModel(model, modelFlags, { seed: 0, note: () => {} });
    await using sess = new tf.Session({ graph });
    await sess.run([tf.globalVariablesInitializer(), tf.localVariablesInitializer()]);
    const feed = built.batches?.next() ?? [];
    await sess.run([built.loss, built.trainOp], { feedDict: feed });
    const plan = sess.plan(
      [built.loss, built.trainOp],
      feed.map(([tensor]) => tensor),
    );
    const { segments, hostNodes } = plan;
    out.print(
      `${model.name}: ${graph.operations.length} operations in the graph, ${plan.nodes.length} in a training step`,
      `  ${segments.length} segments, ${hostNodes.length} operations outside them, engine ${sess.state.engine.name}`,
    );
    for (const [i, segment] of segments.entries()) {
      const kernels = segment.describe();
      out.print(`segment ${i}: ${segment.nodes.length} operations → ${kernels.length} kernels`);
      if (flags.nodes) out.print(...segment.nodes.map((op) => `    ${op.type.padEnd(28)} ${op.name}`));
      out.print(...kernels.map((line) => `  ${line}`));
    }
    for (const op of hostNodes) out.print(`host: ${op.type} ${op.name}`);
  });
  return 0;
}
