/** 9. The graph for TensorBoard: `tensorboard --logdir logs` shows what this program writes. */
import { readdirSync } from "node:fs";
import * as tf from "tsflow";

const a = tf.constant(2, { name: "a" });
const b = tf.constant(3, { name: "b" });
tf.add(a, b, { name: "total" });
const writer = new tf.summary.FileWriter("logs", tf.getDefaultGraph());
writer.close();

const files = readdirSync("logs");
console.log(`${files.length} file`);
for (const event of tf.train.summaryIterator(`logs/${files[0]}`)) {
  if (event.fileVersion) console.log(`step ${event.step}: file_version`);
  if (event.graphDef.length) {
    console.log(`step ${event.step}: graph_def`);
    const { node } = tf.GraphDef.fromString(event.graphDef);
    console.log(`[${node.map(({ name }) => `'${name}'`).join(", ")}]`);
  }
  if (event.metaGraphDef.length) console.log(`step ${event.step}: meta_graph_def`);
}
