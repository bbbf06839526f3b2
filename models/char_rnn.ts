/**
 * A recurrent network that reads a text letter by letter, guesses the next one, and writes text of its own. Its input comes through
 * queues of the graph: positions in the text, in an order drawn anew each epoch, then pairs of sequences, shuffled and batched.
 */
import * as tf from "tsflow";

interface Letters {
  /** The letters that occur, in order. */
  readonly alphabet: readonly string[];
  /** The text as their numbers. */
  readonly ids: Int32Array;
}

/** Reads a text. Throws INVALID_ARGUMENT for one of fewer letters than two batches have. */
function readLetters(path: string, least: number): Letters {
  const text = Array.from(String(new tf.gfile.GFile(path).read()));
  const alphabet = [...new Set(text)].sort();
  if (text.length < 2 * least)
    throw new tf.errors.InvalidArgumentError(`${path}: ${text.length} letters are too few: ${2 * least} are needed`);
  const idOf = new Map(alphabet.map((letter, id) => [letter, id]));
  return { alphabet, ids: Int32Array.from(text, (letter) => idOf.get(letter)!) };
}

/** Sequences [n, t] and the same one letter later, from `from` to the end, without overlap; n is a multiple of `batch`. */
function sequencesFrom(ids: Int32Array, from: number, t: number, batch: number): { x: tf.NdArray; y: tf.NdArray } {
  const n = batch * Math.floor((ids.length - 1 - from) / t / batch);
  const part = (shift: number) => new tf.NdArray(tf.int32, [n, t], ids.slice(from + shift, from + shift + n * t));
  return { x: part(0), y: part(1) };
}

export default tf.train.defineModel({
  name: "char_rnn",
  about: "LSTM that writes text, queue input",
  flags: {
    data: tf.train.flag.string(null, "a text; the license of tsflow by default"),
    batch_size: tf.train.flag.int(16, "sequences per step", { min: 1 }),
    sequence_length: tf.train.flag.int(32, "letters of a sequence", { min: 2 }),
    hidden: tf.train.flag.int(256, "units of the LSTM", { min: 1 }),
    embedding_size: tf.train.flag.int(64, "numbers a letter is turned into", { min: 1 }),
    learning_rate: tf.train.flag.float(2e-3, "step size of Adam", { min: 0 }),
    keep_prob: tf.train.flag.float(1, "part of the units that dropout keeps", { min: 0.01, max: 1 }),
    written_letters: tf.train.flag.int(200, "letters that it writes", { min: 1 }),
  },
  defaults: { max_step: 2000 },
  build(flags, { note }) {
    const { sequence_length: t, hidden, batch_size } = flags;
    if (!flags.data) note("Reading the license of tsflow: give --data for a text of your own.");
    const { alphabet, ids } = readLetters(flags.data ?? tf.train.packageFile("LICENSE"), batch_size * (t + 1));
    const held = Math.min(Math.floor(0.9 * ids.length), ids.length - 1 - batch_size * t);

    const [x, y] = tf.nameScope("input", () => {
      const text = tf.constant(new tf.NdArray(tf.int32, [held], ids.slice(0, held)), { name: "text" });
      const starts = held - t - 1;
      const start = tf.train.rangeInputProducer(starts, { shuffle: true }).dequeue() as tf.Tensor;
      const sequence = tf.slice(text, tf.reshape(start, [1]), [t + 1]);
      const pair = [tf.slice(sequence, [0], [t]), tf.slice(sequence, [1], [t])];
      const capacity = 20 * batch_size;
      return tf.train.shuffleBatch(pair, { batchSize: batch_size, capacity, minAfterDequeue: 10 * batch_size });
    }) as [tf.Tensor, tf.Tensor];

    const embedding = tf.getVariable("embedding", [alphabet.length, flags.embedding_size], {
      initializer: tf.randomNormalInitializer({ stddev: 0.1 }),
    });
    const cell = new tf.nn.rnnCell.BasicLSTMCell(hidden);
    const keep = tf.placeholderWithDefault(tf.constant(flags.keep_prob, { dtype: tf.float32 }), [], {
      name: "keep_prob",
    });
    const [outputs] = tf.nn.dynamicRnn(cell, tf.nn.embeddingLookup(embedding, x), { dtype: tf.float32 });
    const states = tf.reshape(outputs as tf.Tensor, [-1, hidden]);
    const [w, b] = tf.variableScope("letters", () => [
      tf.getVariable("weights", [hidden, alphabet.length], {
        initializer: tf.truncatedNormalInitializer({ stddev: 1 / Math.sqrt(hidden) }),
      }),
      tf.getVariable("biases", [alphabet.length], { initializer: tf.zerosInitializer() }),
    ]) as [tf.Variable, tf.Variable];
    const seen = flags.keep_prob < 1 ? tf.nn.dropout(states, { keepProb: keep }) : states;
    const logits = tf.matmul(seen, w).add(b);
    const labels = tf.reshape(y, [-1]);
    const loss = tf.reduceMean(tf.nn.sparseSoftmaxCrossEntropyWithLogits({ labels, logits }), { name: "loss" });
    const right = tf.equal(tf.cast(tf.argmax(logits, 1), tf.int32), labels);
    const accuracy = tf.reduceMean(tf.cast(right, tf.float32), { name: "accuracy" });
    tf.summary.scalar("loss", loss);
    tf.summary.scalar("accuracy", accuracy);

    const optimizer = new tf.train.AdamOptimizer(flags.learning_rate);
    const pairs = optimizer.computeGradients(loss);
    const variables = pairs.map(([, variable]) => variable);
    const [clipped] = tf.clipByGlobalNorm(
      pairs.map(([gradient]) => gradient!),
      5,
    );
    const trainOp = optimizer.applyGradients(
      clipped.map((gradient, i) => [gradient, variables[i]!] as never),
      { globalStep: tf.train.getOrCreateGlobalStep() },
    );

    // Each letter that it writes is drawn from what it expects after those before.
    const written = tf.nameScope("writing", () => {
      const letters = tf.constant([...alphabet], { dtype: tf.string });
      const zero = tf.zeros([1, hidden]);
      const first = tf.constant([ids[0]!], { dtype: tf.int32 });
      const write = (i: tf.Tensor, id: tf.Tensor, c: tf.Tensor, h: tf.Tensor, text: tf.Tensor) => {
        const before = new tf.nn.rnnCell.LSTMStateTuple(c, h);
        const step = cell.apply(tf.nn.embeddingLookup(embedding, id), before);
        const [output, state] = step as [tf.Tensor, { c: tf.Tensor; h: tf.Tensor }];
        const next = tf.reshape(tf.cast(tf.multinomial(tf.matmul(output, w).add(b), 1), tf.int32), [1]);
        return [i.add(1), next, state.c, state.h, tf.stringJoin([text, tf.reshape(tf.gather(letters, next), [])])];
      };
      const loopVars = [tf.constant(0), first, zero, zero, tf.constant(alphabet[ids[0]!]!, { dtype: tf.string })];
      const last = tf.whileLoop((i) => tf.less(i as tf.Tensor, flags.written_letters), write as never, loopVars, {
        backProp: false,
      });
      return tf.identity((last as tf.Tensor[])[4]!, { name: "text" });
    });

    const test = sequencesFrom(ids, held, t, batch_size);
    const columns: tf.train.Columns = [
      [x, test.x],
      [y, test.y],
    ];
    return {
      trainOp,
      loss,
      metrics: { accuracy },
      learningRate: flags.learning_rate,
      show: { written },
      evaluation: tf.train.arrayEvaluation("the last tenth of the text", columns, batch_size, [[keep, 1]]),
    };
  },
});
