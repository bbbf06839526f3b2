import { describe, expect, test } from "vitest";
import { int32 } from "../../src/core/dtype.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import * as tf from "../../src/index.ts";
import { hasGoldens, readGolden } from "../golden.ts";

describe("variables say what is wrong in TensorFlow's words", () => {
  const failing: [string, () => unknown, string][] = [
    [
      "get_variable_twice",
      () => [tf.getVariable("v", [1]), tf.getVariable("v", [1])],
      "Variable v already exists, disallowed. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?",
    ],
    [
      "reuse_of_missing",
      () => tf.variableScope("foo", { reuse: true }, () => tf.getVariable("v", [1])),
      "Variable foo/v does not exist, or was not created with tf.get_variable(). Did you mean to set reuse=tf.AUTO_REUSE in VarScope?",
    ],
    [
      "reuse_shape_mismatch",
      () => {
        tf.variableScope("foo", () => tf.getVariable("v", [1]));
        tf.variableScope("foo", { reuse: true }, () => tf.getVariable("v", [2]));
      },
      "Trying to share variable foo/v, but specified shape (2,) and found shape (1,).",
    ],
    [
      "reuse_dtype_mismatch",
      () => {
        tf.variableScope("foo", () => tf.getVariable("v", [1]));
        tf.variableScope("foo", { reuse: true }, () => tf.getVariable("v", { shape: [1], dtype: int32 }));
      },
      "Trying to share variable foo/v, but specified dtype int32 and found dtype float32_ref.",
    ],
    [
      "get_variable_constant_and_shape",
      () => tf.getVariable("v", { shape: [3], initializer: tf.constant([1, 2, 3]) }),
      "If initializer is a constant, do not specify shape.",
    ],
    [
      "minimize_no_path",
      () => {
        tf.getVariable("v", [2]);
        tf.getVariable("w", [2]);
        return new tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduceSum(tf.constant([1.5])));
      },
      'No gradients provided for any variable, check your graph for ops that do not support gradients, between variables ["<tf.Variable \'v:0\' shape=(2,) dtype=float32_ref>", "<tf.Variable \'w:0\' shape=(2,) dtype=float32_ref>"] and loss Tensor("Sum:0", shape=(), dtype=float32).',
    ],
    [
      "minimize_int_loss",
      () => {
        const v = tf.getVariable("v", { shape: [2], dtype: int32 });
        return new tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduceSum(v), { varList: [v] });
      },
      "Invalid type tf.int32 for Sum:0, expected: [tf.float32, tf.float64, tf.float16, tf.bfloat16].",
    ],
    [
      "sgd_lr_none",
      () => new tf.train.AdagradOptimizer(0.1, { initialAccumulatorValue: 0 }),
      "initial_accumulator_value must be positive: 0.0",
    ],
    [
      "cond_branch_types",
      () =>
        tf.cond(
          tf.constant(true),
          () => tf.constant(1),
          () => tf.constant(1.5),
        ),
      "Outputs of 'true_fn' and 'false_fn' must have the same type(s). Received int32 from 'true_fn' and float32 from 'false_fn'.",
    ],
    [
      "cond_python_bool",
      () =>
        tf.cond(
          tf.constant(1.5),
          () => tf.constant(1),
          () => tf.constant(2),
        ),
      "Input 'pred' of 'Switch' Op has type float32 that does not match expected type of bool.",
    ],
    [
      "while_shape_change",
      () =>
        tf.whileLoop(
          (x: Tensor) => tf.reduceSum(x).less(3),
          (x: Tensor) => tf.concat([x, x], 0),
          [tf.zeros([1])],
        ),
      "Input tensor 'zeros:0' enters the loop with shape (1,), but has shape (2,) after one iteration. To allow the shape to vary across iterations, use the `shape_invariants` argument of tf.while_loop to specify a less-specific shape.",
    ],
  ];

  test.each(failing)("%s", (name, fn, text) => {
    const caught = new Graph().asDefault(() => {
      try {
        fn();
      } catch (error) {
        return error as Error;
      }
      return undefined;
    });
    expect(caught?.message).toContain(text);
    if (!hasGoldens) return;
    const { cases } = readGolden<{ cases: { name: string; exception: string; message: string }[] }>(
      "strings",
      "errors.json",
    );
    const golden = cases.find((each) => each.name === name)!;
    expect(caught!.name).toBe(golden.exception);
    expect(golden.message).toContain(text);
  });
});

test("a variable is printed as TensorFlow prints it", () => {
  new Graph().asDefault(() => {
    const v = tf.getVariable("v", { shape: [2, 3], initializer: tf.zerosInitializer() });
    expect(String(v)).toBe("<tf.Variable 'v:0' shape=(2, 3) dtype=float32_ref>");
    expect(v.repr()).toBe("<tf.Variable 'v:0' shape=(2, 3) dtype=float32_ref>");
    const r = tf.getVariable("r", { shape: [2], useResource: true });
    expect(String(r)).toBe("<tf.Variable 'r:0' shape=(2,) dtype=float32>");
    expect(String(v.assign(tf.ones([2, 3])))).toBe('Tensor("Assign:0", shape=(2, 3), dtype=float32_ref)');
    expect(String(v.initialValue)).toBe('Tensor("v/Initializer/zeros:0", shape=(2, 3), dtype=float32)');
    expect(tf.group(v.initializer).repr()).toBe("<tf.Operation 'group_deps' type=NoOp>");
    expect(() => (v ? Number(v) : 0)).toThrow("is not allowed");
  });
});
