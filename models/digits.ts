/** The UCI hand-written digits: 1,797 images of 8x8, shipped as TFRecords with `image_raw` (64 bytes of 0..16) and `label`. */
import * as tf from "tsflow";

export const digitsFlags = {
  data: tf.train.flag.string(null, "TFRecords to train on; the digits that come with tsflow by default"),
  eval_data: tf.train.flag.string(null, "TFRecords to evaluate on"),
};

const shipped = (name: string): string => tf.train.packageFile(`data/${name}`);

/** Images [n, 64] as 0..1 and labels [n] of a TFRecord file. Throws INVALID_ARGUMENT for records of another kind. */
function readDigits(path: string): { images: tf.NdArray; labels: tf.NdArray } {
  const examples = [...tf.pythonIo.tfRecordIterator(path)].map(
    (record) => tf.train.Example.fromString(record).features.feature,
  );
  const images = new Float32Array(examples.length * 64);
  const labels = new BigInt64Array(examples.length);
  for (const [i, features] of examples.entries()) {
    const pixels = features.image_raw?.bytesList?.value[0];
    const label = features.label?.int64List?.value[0];
    if (pixels?.length !== 64 || label === undefined) {
      throw new tf.errors.InvalidArgumentError(`${path}: record ${i} has no image of 64 bytes with a label`);
    }
    for (let k = 0; k < 64; k++) images[i * 64 + k] = pixels[k]! / 16;
    labels[i] = BigInt(label);
  }
  return {
    images: new tf.NdArray(tf.float32, [examples.length, 64], images),
    labels: new tf.NdArray(tf.int64, [examples.length], labels),
  };
}

/** Placeholders for images [n, 64] and labels [n]. */
export function digitsInputs(): { x: tf.Tensor; labels: tf.Tensor } {
  return {
    x: tf.placeholder(tf.float32, [null, 64], { name: "x" }),
    labels: tf.placeholder(tf.int64, [null], { name: "labels" }),
  };
}

/** Batches and evaluation of the digits, by the flags `data` and `eval_data`. */
export function digitsData(
  flags: { data: string | null; eval_data: string | null; batch_size: number },
  { x, labels }: { x: tf.Tensor; labels: tf.Tensor },
  seed: number,
): { batches: tf.train.BatchSource; evaluation: tf.train.EvaluationData } {
  const train = readDigits(flags.data ?? shipped("digits-train.tfrecord"));
  const testPath = flags.eval_data ?? shipped("digits-test.tfrecord");
  const test = readDigits(testPath);
  return {
    batches: tf.train.arrayBatches(
      [
        [x, train.images],
        [labels, train.labels],
      ],
      { batchSize: flags.batch_size, seed },
    ),
    evaluation: tf.train.arrayEvaluation(
      testPath.split(/[\\/]/).pop()!,
      [
        [x, test.images],
        [labels, test.labels],
      ],
      360,
    ),
  };
}

/** Mean cross-entropy and the part of right answers, with their summaries. */
export function classification(logits: tf.Tensor, labels: tf.Tensor): { loss: tf.Tensor; accuracy: tf.Tensor } {
  const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels, logits }), { name: "loss" });
  const right = tf.equal(tf.argmax(logits, 1), labels);
  const accuracy = tf.reduceMean(tf.cast(right, tf.float32), { name: "accuracy" });
  tf.summary.scalar("loss", loss);
  tf.summary.scalar("accuracy", accuracy);
  return { loss, accuracy };
}
