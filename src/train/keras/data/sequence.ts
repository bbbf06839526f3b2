/** `tf.keras.utils.Sequence`: batches by their number. Source: tf_keras/src/utils/data_utils.py. */

/** A source of batches of one's own: `length` of them, `getItem(i)` gives [x, y] or [x, y, weights]. */
export abstract class Sequence {
  /** The number of batches of an epoch. */
  abstract get length(): number;

  abstract getItem(index: number): unknown;

  /** Called after each epoch of training. */
  onEpochEnd(): void {}

  *[Symbol.iterator](): Generator<unknown> {
    for (let i = 0; i < this.length; i++) yield this.getItem(i);
  }
}
