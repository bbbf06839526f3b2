/**
 * Click-through rate from 13 numeric and 26 categorical features: embeddings beside the numbers, then an MLP, trained by Adagrad
 * with sparse updates of the embeddings. Records: `label` int64 and `feature`, the bytes of 39 little-endian float32 (numbers, then
 * category numbers). Without --data it trains on clicks that it generates from a seed, and says so.
 */
import * as tf from "tsflow";

const numericCount = 13;
const categoryCount = 26;
const featureCount = numericCount + categoryCount;

interface Clicks {
  readonly numbers: tf.NdArray;
  readonly categories: tf.NdArray;
  readonly labels: tf.NdArray;
}

const clicksOf = (rows: number, features: Float32Array, labels: Float32Array, buckets: number): Clicks => {
  const numbers = new Float32Array(rows * numericCount);
  const categories = new Int32Array(rows * categoryCount);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < numericCount; k++) numbers[i * numericCount + k] = features[i * featureCount + k]!;
    for (let k = 0; k < categoryCount; k++) {
      const category = Math.trunc(features[i * featureCount + numericCount + k]!);
      categories[i * categoryCount + k] = ((category % buckets) + buckets) % buckets;
    }
  }
  return {
    numbers: new tf.NdArray(tf.float32, [rows, numericCount], numbers),
    categories: new tf.NdArray(tf.int32, [rows, categoryCount], categories),
    labels: new tf.NdArray(tf.float32, [rows], labels),
  };
};

/** Reads records. Throws INVALID_ARGUMENT for a record of another kind. */
function readClicks(path: string, buckets: number): Clicks {
  const records = [...tf.pythonIo.tfRecordIterator(path)];
  const features = new Float32Array(records.length * featureCount);
  const labels = new Float32Array(records.length);
  for (const [i, record] of records.entries()) {
    const { feature, label } = tf.train.Example.fromString(record).features.feature;
    const bytes = feature?.bytesList?.value[0];
    if (bytes?.length !== 4 * featureCount || label?.int64List?.value[0] === undefined) {
      throw new tf.errors.InvalidArgumentError(
        `${path}: record ${i} has no label and feature of ${featureCount} float32`,
      );
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let k = 0; k < featureCount; k++) features[i * featureCount + k] = view.getFloat32(4 * k, true);
    labels[i] = Number(label.int64List.value[0]);
  }
  return clicksOf(records.length, features, labels, buckets);
}

/** Clicks by a hidden rule of some numbers and categories, with noise; the same for the same seed. */
function generateClicks(rows: number, seed: number, buckets: number): Clicks {
  let state = seed >>> 0 || 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const features = new Float32Array(rows * featureCount);
  const labels = new Float32Array(rows);
  for (let i = 0; i < rows; i++) {
    let score = -0.5;
    for (let k = 0; k < numericCount; k++) {
      const x = uniform() + uniform() - 1;
      features[i * featureCount + k] = x;
      if (k < 4) score += (k % 2 ? -1.5 : 1.5) * x;
    }
    for (let k = 0; k < categoryCount; k++) {
      const category = Math.floor(uniform() ** 3 * Math.min(buckets, 200));
      features[i * featureCount + numericCount + k] = category;
      if (k < 8) score += (((category * 7 + k * 3) % 5) - 2) * 0.4;
    }
    labels[i] = uniform() < 1 / (1 + Math.exp(-2 * score)) ? 1 : 0;
  }
  return clicksOf(rows, features, labels, buckets);
}

function dense(name: string, x: tf.Tensor, inputs: number, outputs: number): tf.Tensor {
  return tf.variableScope(name, () => {
    const w = tf.getVariable("weights", [inputs, outputs], {
      initializer: tf.truncatedNormalInitializer({ stddev: Math.sqrt(2 / inputs) }),
    });
    const b = tf.getVariable("biases", [outputs], { initializer: tf.zerosInitializer() });
    return tf.matmul(x, w).add(b);
  });
}

export default tf.train.defineModel({
  name: "ctr",
  about: "clicks from 13 numbers and 26 categories: embeddings and an MLP, sparse Adagrad",
  flags: {
    data: tf.train.flag.string(null, "TFRecords of `label` and `feature`; generated clicks by default"),
    eval_data: tf.train.flag.string(null, "TFRecords to evaluate on"),
    batch_size: tf.train.flag.int(512, "examples per step", { min: 1 }),
    learning_rate: tf.train.flag.float(0.05, "step size of Adagrad", { min: 0 }),
    buckets: tf.train.flag.int(10_000, "rows of each embedding table", { min: 1 }),
    embedding_size: tf.train.flag.int(8, "numbers a category is turned into", { min: 1 }),
    generated_rows: tf.train.flag.int(16_384, "how many clicks to generate", { min: 1024 }),
  },
  build(flags, { seed, note }) {
    const numbers = tf.placeholder(tf.float32, [null, numericCount], { name: "numbers" });
    const categories = tf.placeholder(tf.int32, [null, categoryCount], { name: "categories" });
    const labels = tf.placeholder(tf.float32, [null], { name: "labels" });
    const embedded = tf.variableScope("embeddings", () =>
      tf.unstack(categories, { axis: 1, num: categoryCount }).map((column, k) => {
        const table = tf.getVariable(`table_${k}`, [flags.buckets, flags.embedding_size], {
          initializer: tf.randomNormalInitializer({ stddev: 0.05 }),
        });
        return tf.nn.embeddingLookup(table, column);
      }),
    );
    const width = numericCount + categoryCount * flags.embedding_size;
    const hidden = tf.nn.relu(dense("hidden1", tf.concat([numbers, ...embedded], 1), width, 128));
    const logits = tf.reshape(dense("logits", tf.nn.relu(dense("hidden2", hidden, 128, 64)), 64, 1), [-1]);
    const loss = tf.reduceMean(tf.nn.sigmoidCrossEntropyWithLogits({ labels, logits }), { name: "loss" });
    const right = tf.equal(tf.cast(tf.greater(logits, 0), tf.float32), labels);
    const accuracy = tf.reduceMean(tf.cast(right, tf.float32), { name: "accuracy" });
    tf.summary.scalar("loss", loss);
    tf.summary.scalar("accuracy", accuracy);
    const trainOp = new tf.train.AdagradOptimizer(flags.learning_rate).minimize(loss, {
      globalStep: tf.train.getOrCreateGlobalStep(),
    });
    if (!flags.data)
      note(`Training on ${flags.generated_rows} generated clicks (no real data): give --data for your own.`);
    const train = flags.data
      ? readClicks(flags.data, flags.buckets)
      : generateClicks(flags.generated_rows, seed, flags.buckets);
    const test = flags.eval_data
      ? readClicks(flags.eval_data, flags.buckets)
      : generateClicks(4096, seed + 1, flags.buckets);
    const columns = (clicks: Clicks): tf.train.Columns => [
      [numbers, clicks.numbers],
      [categories, clicks.categories],
      [labels, clicks.labels],
    ];
    return {
      trainOp,
      loss,
      metrics: { accuracy },
      learningRate: flags.learning_rate,
      batches: tf.train.arrayBatches(columns(train), { batchSize: flags.batch_size, seed }),
      evaluation: tf.train.arrayEvaluation(flags.eval_data ?? "4096 generated clicks", columns(test), 1024),
    };
  },
});
