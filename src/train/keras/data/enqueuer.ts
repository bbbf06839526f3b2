/** `tf.keras.utils`' queues of batches. A batch is made when it is taken: there is one thread. Source: tf_keras/src/utils/data_utils.py. */
import { PythonRandom } from "./random_state.ts";
import type { Sequence } from "./sequence.ts";

/** Batches of a source, from `start` to `stop`. Those of one's own give `batches`. */
export abstract class SequenceEnqueuer {
  #isRunning = false;

  protected abstract batches(): Iterator<unknown>;

  isRunning(): boolean {
    return this.#isRunning;
  }

  /** Workers and the queue's size change nothing. */
  start(_workers = 1, _maxQueueSize = 10): void {
    this.#isRunning = true;
  }

  stop(_timeout: number | null = null): void {
    this.#isRunning = false;
  }

  /** The batches, one after another, until it is stopped. */
  *get(): Generator<unknown> {
    const batches = this.batches();
    while (this.#isRunning) {
      const { done, value } = batches.next();
      if (done) break;
      yield value;
    }
    this.stop();
  }
}

/** The batches of a Sequence, epoch after epoch, in their order or shuffled. */
export class OrderedEnqueuer extends SequenceEnqueuer {
  readonly sequence: Sequence;
  readonly shuffle: boolean;

  constructor(sequence: Sequence, _useMultiprocessing = false, shuffle = false) {
    super();
    this.sequence = sequence;
    this.shuffle = shuffle;
  }

  protected override *batches(): Iterator<unknown> {
    const order = Array.from({ length: this.sequence.length }, (_, i) => i);
    const random = new PythonRandom();
    for (;;) {
      if (this.shuffle) random.shuffle(order);
      for (const i of order) yield this.sequence.getItem(i);
      this.sequence.onEpochEnd();
    }
  }
}

/** What a generator yields, to its end. */
export class GeneratorEnqueuer extends SequenceEnqueuer {
  readonly generator: Iterable<unknown>;

  constructor(generator: Iterable<unknown>, _useMultiprocessing = false, _randomSeed: number | null = null) {
    super();
    this.generator = generator;
  }

  protected override batches(): Iterator<unknown> {
    return this.generator[Symbol.iterator]();
  }
}
