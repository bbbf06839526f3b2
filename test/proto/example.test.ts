/** tf.train.Example as a program fills and reads it. */
import { describe, expect, test } from "vitest";
import { ndarray } from "../../src/core/nd_array.ts";
import * as tf from "../../src/index.ts";

const { Example, Feature, Features, Int64List, BytesList, FloatList, SequenceExample } = tf.train;

describe("tf.train.Example", () => {
  test("is the same made from parts and filled in piece by piece", () => {
    const made = new Example({
      features: new Features({
        feature: {
          label: new Feature({ int64List: new Int64List({ value: [3] }) }),
          image: new Feature({ bytesList: new BytesList({ value: ["ab"] }) }),
          size: new Feature({ floatList: new FloatList({ value: [0.5, 2] }) }),
        },
      }),
    });
    const filled = new Example();
    filled.features.feature.size!.floatList.value.extend([0.5, 2]);
    filled.features.feature.image!.bytesList.value.append("ab");
    filled.features.feature.label!.int64List.value.append(3);
    expect(filled.SerializeToString()).toEqual(made.serializeToString());
    expect(Example.FromString(made.serializeToString()).equals(made)).toBe(true);
    expect(String(made)).toBe(
      'features {\n  feature {\n    key: "size"\n    value {\n      float_list {\n        value: 0.5\n        value: 2\n      }\n    }\n  }\n  feature {\n    key: "label"\n    value {\n      int64_list {\n        value: 3\n      }\n    }\n  }\n  feature {\n    key: "image"\n    value {\n      bytes_list {\n        value: "ab"\n      }\n    }\n  }\n}\n',
    );
  });

  test("keeps no feature that was only looked at", () => {
    const example = new Example();
    expect(example.features.feature.absent!.int64List.value).toHaveLength(0);
    expect(Object.keys(example.features.feature)).toEqual([]);
    expect(example.ByteSize()).toBe(0);
  });

  test("takes truth values for whole numbers, and refuses what is none", () => {
    expect([...new Int64List({ value: [true, false] as never }).value]).toEqual([1, 0]);
    expect(() => new Int64List({ value: [0.5] })).toThrow("'float' object cannot be interpreted as an integer");
    expect(() => new FloatList({ value: ["a"] })).toThrow("must be real number, not str");
  });

  test("is read from the value of a tensor", () => {
    const bytes = new Example({ features: { feature: { a: { int64List: { value: [7] } } } } }).serializeToString();
    const example = new Example();
    example.ParseFromString(ndarray([bytes], "string", []));
    expect(example.features.feature.a!.int64List.value[0]).toBe(7);
    expect(() => example.ParseFromString(ndarray(["a", "b"], "string"))).toThrow("a bytes-like object is required");
  });

  test("has lists by step as a SequenceExample", () => {
    const example = new SequenceExample();
    example.context.feature.length!.int64List.value.append(2);
    const tokens = example.featureLists.featureList.tokens!;
    for (const token of [4, 5]) tokens.feature.add().int64List.value.append(token);
    const read = SequenceExample.fromString(example.serializeToString());
    expect(read.featureLists.featureList.tokens!.feature.map((each) => each.int64List.value[0])).toEqual([4, 5]);
  });
});
