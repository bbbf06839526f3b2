/** What the assertions of tf.test.TestCase say when they fail, against TensorFlow's (test/fixtures/train/make_test_case.py). */
import { describe, expect, test } from "vitest";
import { ndarray } from "../../src/core/nd_array.ts";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";
import { runTests } from "../../src/train/testing/main.ts";
import { errorLines } from "../error_lines.ts";
import expected from "../fixtures/train/test_case.json" with { type: "json" };

const t = new tf.test.TestCase();
const f32 = (values: unknown) => ndarray(values, "float32");
const i32 = (values: unknown) => ndarray(values, "int32");
const { ValueError } = tf.errors;
const a = f32([1, 2, 3]);
const inGraph = <T>(body: () => T): T => new Graph().asDefault(body);
const fails = (text: string) => () => {
  throw new ValueError(text);
};

const cases: Record<keyof typeof expected, () => unknown> = {
  close: () => t.assertAllClose(f32([1, 2, 3]), a),
  "not close": () => t.assertAllClose(f32([1, 2.5, 3]), a),
  "not close scalar": () => t.assertAllClose(f32(1), f32(2)),
  "not close rows": () =>
    t.assertAllClose(
      f32([
        [1, 2],
        [3, 4],
      ]),
      f32([
        [1, 2],
        [0, Number.NaN],
      ]),
      0.1,
      1e-3,
    ),
  "other shape": () => t.assertAllClose(f32([1, 2]), a),
  dict: () => t.assertAllClose({ a: f32([1, 2]), b: f32([1]) }, { a: f32([1, 2]), b: f32([1.5]) }),
  "dict and list": () => t.assertAllClose({ a: 1 }, [1]),
  "by type": () => t.assertAllCloseAccordingToType(ndarray([1.001], "float16"), ndarray([1.002], "float16")),
  "unexpectedly close": () => t.assertNotAllClose(a, a),
  equal: () => t.assertAllEqual(f32([Number.NaN, 1]), f32([Number.NaN, 1])),
  "not equal": () => t.assertAllEqual(i32([1, 2, 3]), i32([1, 5, 3])),
  "not equal scalar": () => t.assertAllEqual(i32(3), i32(4)),
  "equal shapes": () => t.assertAllEqual(i32([1, 2]), i32([[1, 2]])),
  "not equal floats": () =>
    t.assertAllEqual(
      f32([
        [1, 2],
        [3, 4],
      ]),
      f32([
        [1, 2.5],
        [3, 5],
      ]),
    ),
  "unexpectedly equal": () => t.assertNotAllEqual(a, a),
  greater: () => t.assertAllGreater(a, 0),
  "not greater": () => t.assertAllGreater(a, 1),
  "not less": () => t.assertAllLess(a, 3),
  "not greater equal": () => t.assertAllGreaterEqual(a, 1.5),
  "not less equal": () => t.assertAllLessEqual(a, 2),
  range: () => t.assertAllInRange(a, 1, 3),
  "not in range": () => t.assertAllInRange(a, 1, 3, true, true),
  "range of nan": () => t.assertAllInRange(f32([1, Number.NaN]), 1, 3),
  "not in set": () => t.assertAllInSet(a, [1, 2]),
  near: () => t.assertNear(1, 1.05, 0.1),
  "not near": () => t.assertNear(1, 1.5, 0.1, "why"),
  "array not near": () => t.assertArrayNear([1, 2], [1, 2.5], 0.1),
  "nd array not near": () => t.assertNDArrayNear(a, f32([1, 2, 4]), 0.5),
  shapes: () => inGraph(() => t.assertShapeEqual(f32([[1, 2]]), tf.zeros([1, 2]))),
  "other shapes": () => inGraph(() => t.assertShapeEqual(f32([1, 2]), tf.zeros([3]))),
  dtype: () => t.assertDTypeEqual(a, tf.float64),
  device: () => t.assertDeviceEqual("/cpu:0", "/device:CPU:0"),
  "other device": () => t.assertDeviceEqual("/cpu:0", "/cpu:1"),
  proto: () => undefined,
  starts: () => t.assertStartsWith("abc", "b"),
  assertEqual: () => t.assertEqual(1, 2),
  "assertEqual message": () => t.assertEqual("a", "b", "hm"),
  assertNotEqual: () => t.assertNotEqual(1, 1),
  assertTrue: () => t.assertTrue(false),
  assertFalse: () => t.assertFalse(true),
  assertIs: () => t.assertIs(null, 1),
  assertIsNone: () => t.assertIsNone(1),
  assertIsNotNone: () => t.assertIsNotNone(null),
  assertIn: () => t.assertIn(1, [2, 3]),
  assertNotIn: () => t.assertNotIn(2, [2, 3]),
  assertAlmostEqual: () => t.assertAlmostEqual(1, 1.1),
  "assertAlmostEqual delta": () => t.assertAlmostEqual(1, 1.1, { delta: 0.01 }),
  assertNotAlmostEqual: () => t.assertNotAlmostEqual(1, 1.00000001),
  assertGreater: () => t.assertGreater(1, 2),
  assertGreaterEqual: () => t.assertGreaterEqual(1, 2),
  assertLess: () => t.assertLess(2, 1),
  assertLessEqual: () => t.assertLessEqual(2, 1),
  assertRegex: () => t.assertRegex("abc", "x+"),
  assertNotRegex: () => t.assertNotRegex("abc", "b"),
  assertLen: () => t.assertLen([1, 2], 3),
  assertEmpty: () => t.assertEmpty([1]),
  assertNotEmpty: () => t.assertNotEmpty([]),
  assertBetween: () => t.assertBetween(5, 1, 3),
  assertRaises: () => t.assertRaises(ValueError, () => null),
  assertRaisesRegex: () => t.assertRaisesRegex(ValueError, "x", fails("y")),
  "assertRaisesRegex right": () => t.assertRaisesRegex(ValueError, /x+/, fails("axxb")),
  assertRaisesOpError: () => t.assertRaisesOpError("boom", fails("boom")),
  assertRaisesWithPredicateMatch: () => t.assertRaisesWithPredicateMatch(ValueError, "boom", () => null),
  fail: () => t.fail("because"),
};

/** Numbers of numpy 2 without their types, and without difflib's marks below lines. */
const plain = (text: string | null): string | null =>
  text
    ?.replace(/np\.float32\(([^)]*)\)/g, "$1")
    .replace("np.False_", "False")
    .replace("<class 'numpy.float64'>", "float64")
    .replace(/\n\?[ ^]*/g, "")
    .replace(/\n+/g, "\n")
    .replace("\n :", " :") ?? null;

describe("a failed assertion says what TensorFlow's says", () => {
  test.each(Object.keys(cases) as (keyof typeof expected)[])("%s", (name) => {
    let said: string | null = null;
    try {
      cases[name]();
    } catch (error) {
      said = `${(error as Error).name}: ${(error as Error).message}`;
    }
    expect(plain(said)).toBe(plain(expected[name]));
  });
});

test("tensors of a graph are run for an assertion, which is then a promise", () =>
  inGraph(async () => {
    const x = tf.placeholderWithDefault(tf.constant([2, 3], tf.float32), [2]);
    await t.assertAllClose(tf.square(x), [4, 9]);
    await expect(t.assertAllEqual({ y: 1 }.y, tf.constant(2))).rejects.toThrow("Arrays are not equal");
    await t.cachedSession(async (sess) => {
      const v = tf.getVariable("v", { initializer: tf.constant([1, 2]) });
      await sess.run(tf.globalVariablesInitializer());
      await t.assertAllEqual(v, [1, 2]);
      await t.assertRaisesOpError("Incompatible shapes", () =>
        sess.run(tf.add(x, tf.placeholderWithDefault([1.5, 2, 3], [null]))),
      );
    });
    await t.tearDown();
  }));

test("main's runner prints absl's lines and counts what fails", async () => {
  class Square extends tf.test.TestCase {
    async testSquare() {
      await this.session(async () => this.assertAllClose(tf.square([2, 3]), [4, 9]));
    }
    testWrong() {
      this.assertEqual(1, 2);
    }
    testBroken() {
      throw new ValueError("x");
    }
    testLater() {
      this.skipTest("not today");
    }
  }
  let failed = 0;
  const text = await errorLines(async () => {
    failed = await runTests([Square]);
  });
  tf.resetDefaultGraph();
  expect(failed).toBe(2);
  const lines = text
    .join("")
    .split("\n")
    .filter((line) => !/^\s+at /.test(line) && !line.startsWith("INFO:"));
  expect(lines.map((line) => line.replace(/in \d+\.\d{3}s/, "in TIME"))).toEqual([
    "[ RUN      ] Square.testBroken",
    "[  FAILED  ] Square.testBroken",
    "[ RUN      ] Square.testLater",
    "[  SKIPPED ] Square.testLater - not today",
    "[ RUN      ] Square.testSquare",
    "[       OK ] Square.testSquare",
    "[ RUN      ] Square.testWrong",
    "[  FAILED  ] Square.testWrong",
    "=".repeat(70),
    "ERROR: testBroken (__main__.Square.testBroken)",
    "Square.testBroken",
    "-".repeat(70),
    "ValueError: x",
    "",
    "=".repeat(70),
    "FAIL: testWrong (__main__.Square.testWrong)",
    "Square.testWrong",
    "-".repeat(70),
    "AssertionError: 1 != 2",
    "",
    "-".repeat(70),
    "Ran 4 tests in TIME",
    "",
    "FAILED (failures=1, errors=1, skipped=1)",
    "",
  ]);
});

test("GraphDefs are told apart in TensorFlow's words", () => {
  const graph = (build: () => void) =>
    inGraph(() => {
      build();
      return tf.getDefaultGraph().asGraphDef();
    });
  const base = () => void tf.add(tf.constant(1, { name: "a" }), tf.constant(2, { name: "b" }), { name: "c" });
  const more = () => {
    base();
    tf.constant(1.5, { name: "d" });
  };
  const other = () => void tf.multiply(tf.constant(1, { name: "a" }), tf.constant(2, { name: "b" }), { name: "c" });
  const { assertEqualGraphDef } = tf.test;
  const node = "'{{node d}} = Const[dtype=DT_FLOAT, value=Tensor<type: float shape: [] values: 1.5>]()'";
  assertEqualGraphDef(graph(base), graph(base));
  expect(() => assertEqualGraphDef(graph(base), graph(more))).toThrow(`Did not find expected node ${node}`);
  expect(() => assertEqualGraphDef(graph(more), graph(base))).toThrow(`Found unexpected node ${node}`);
  expect(() => assertEqualGraphDef(graph(other), graph(base))).toThrow(
    "Node named 'c' has op 'Mul' that is not expected 'AddV2'",
  );
  expect(() => assertEqualGraphDef(1, 2)).toThrow("Expected tf.GraphDef for actual, got int");
});
