/** The programs of test/fixtures/build/contrib/summary.py. */
import * as tf from "../../../src/index.ts";
import type { Program } from "../programs/compare.ts";

const { summary } = tf.contrib;
const floatOne = new tf.NdArray(tf.float32, [], Float32Array.of(1));
const floatTwo = new tf.NdArray(tf.float32, [], Float32Array.of(2));

/** The graph alone: no file is opened. */
const built =
  (make: (x: tf.Tensor) => void, options = {}): Program =>
  ({ x }) => {
    const writer = summary.createFileWriter("logs", options);
    writer.asDefault(() => make(x));
    writer.close();
    return tf.constant(0);
  };

export const programs: Record<string, Program> = {
  always: built(
    (x) =>
      summary.alwaysRecordSummaries(() =>
        tf.nameScope("outer", () => {
          summary.scalar("loss", tf.reduceSum(x), { step: 3 });
          summary.scalar("a b", floatOne, "fam", tf.constant(4, tf.int64));
          summary.histogram("h", x, { step: 1 });
          summary.generic("g", x, { step: 1 });
          summary.image("i", tf.reshape(x, [1, 1, 3, 1]), { maxImages: 2, step: 1 });
          summary.audio("s", x, 44100, 3, { step: 1 });
          summary.shouldRecordSummaries();
        }),
      ),
    { maxQueue: 3, flushMillis: 5, filenameSuffix: ".x", name: "mine" },
  ),
  sometimes: built((x) => {
    summary.recordSummariesEveryNGlobalSteps(5, () => {
      summary.scalar("loss", tf.reduceSum(x));
      tf.nameScope("inner", () => summary.scalar("other", floatTwo));
    });
    summary.neverRecordSummaries(() => summary.scalar("never", floatTwo));
    summary.scalar("unsaid", floatTwo);
    summary.graph(tf.placeholder(tf.string, { name: "g" }), 0, "graph");
    summary.importEvent(tf.constant(""), "event");
    summary.flush();
  }),
};
