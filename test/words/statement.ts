/** What the statements of this folder are written with: the same helpers as in test/fixtures/words/words.py. */
import * as tf from "../../src/index.ts";

/** A statement: its value is printed, a list of texts is compared text by text, an error by its class and words. */
export type Statement = () => unknown;
export type Statements = Readonly<Record<string, Statement>>;

type Shape = readonly (number | null)[] | null;

export const P = (shape: Shape = null, dtype: tf.DType = tf.float32, name?: string): tf.Tensor =>
  tf.placeholder(dtype, shape, name === undefined ? {} : { name });

export type Feeds = Iterable<readonly [unknown, unknown]>;

export async function run(fetches: unknown, feeds?: Feeds): Promise<never> {
  await using sess = new tf.Session();
  return (await sess.run(fetches as never, feeds === undefined ? {} : { feedDict: feeds as never })) as never;
}

/** `then` after `first` in one session. */
export async function run2(first: unknown, then: unknown): Promise<unknown> {
  await using sess = new tf.Session();
  await sess.run(first as never);
  return sess.run(then as never);
}

/** `op` of placeholders of unknown shape, run with these values. */
export function fed(op: (...places: tf.Tensor[]) => unknown, values: readonly unknown[], dtypes?: readonly tf.DType[]) {
  const places = values.map((_, i) => tf.placeholder(dtypes?.[i] ?? tf.float32));
  return run(
    op(...places),
    places.map((place, i) => [place, values[i]]),
  );
}

/** Zeros of a shape, nested. */
export const Z = (...shape: number[]): unknown =>
  shape.length === 0 ? 0 : Array.from({ length: shape[0]! }, () => Z(...shape.slice(1)));

export const otherGraph = <T>(fn: () => T): T => new tf.Graph().asDefault(fn);
