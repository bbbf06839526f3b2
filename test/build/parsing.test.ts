/** Examples parsed by features, node for node: test/fixtures/build/parsing.py. */
import { expect, test } from "vitest";
import * as tf from "../../src/index.ts";
import { comparePrograms } from "./programs/compare.ts";
import { parsing } from "./programs/parsing.ts";

comparePrograms("parsing", parsing);

test("says which features do not go together", () =>
  new tf.Graph().asDefault(() => {
    const none = tf.constant(["x"]);
    expect(() => tf.parseExample(none, {})).toThrow("Argument `features` cannot be None or falsy. Got {}");
    expect(() => tf.parseExample(none, { a: new tf.FixedLenFeature([null], tf.float32) })).toThrow(
      "First dimension of shape for feature a unknown. Consider using FixedLenSequenceFeature.",
    );
    expect(() => tf.parseExample(none, { a: new tf.FixedLenSequenceFeature([], tf.float32) })).toThrow(
      "Unsupported: FixedLenSequenceFeature requires allow_missing to be True.",
    );
    expect(() => tf.parseSingleExample(none, { a: new tf.VarLenFeature(tf.float32) })).toThrow(
      "Input serialized must be a scalar",
    );
    expect(() => tf.parseSingleSequenceExample(none, {})).toThrow(
      "Both context_features and sequence_features are None, but at least one should have values.",
    );
    const both = { a: new tf.VarLenFeature(tf.int64), b: new tf.SparseFeature("a", "v", tf.string, 3) };
    expect(() => tf.parseExample(none, { ...both, v: new tf.VarLenFeature(tf.int64) })).toThrow("Conflicting type");
  }));
