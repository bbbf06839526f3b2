import { describe, expect, test } from "vitest";
import { float32, int32 } from "../../src/core/dtype.ts";
import { printValue } from "../../src/core/print.ts";
import { graphDefinition } from "../../src/graph/def/graph_def.ts";
import { Graph, getDefaultGraph } from "../../src/graph/graph.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import * as tf from "../../src/index.ts";
import { hasGoldens, readGolden } from "../golden.ts";

interface Golden {
  readonly name: string;
  readonly texts: readonly { readonly label: string; readonly text: string }[];
  readonly nodes: readonly string[];
}

type Add = (label: string, text: unknown) => void;

const names = (items: readonly { readonly name: string }[]): string => printValue(items.map(({ name }) => name));
const operationNames = (): string[] =>
  getDefaultGraph()
    .getOperations()
    .map((op) => op.name);

/** The programs of make/strings.py. */
const programs: Record<string, (add: Add) => void> = {
  name_scopes(add) {
    let outer = "";
    tf.nameScope("outer", (scope) => {
      outer = scope;
      add("scope string", scope);
      add("a", tf.constant(1, { name: "a" }).name);
      tf.nameScope("inner", () => {
        add("a in inner", tf.constant(1, { name: "a" }).name);
        add("var ignores name scope", tf.getVariable("gv", []).name);
        add("Variable follows name scope", new tf.Variable(1, { name: "tv" }).name);
      });
      tf.nameScope("inner", () => add("a in second inner", tf.constant(1, { name: "a" }).name));
      tf.nameScope(null, () => add("reset", tf.constant(1, { name: "a" }).name));
    });
    tf.nameScope("outer", () => add("a in second outer", tf.constant(1, { name: "a" }).name));
    tf.nameScope(outer, () => add("reentered with the slash form", tf.constant(1, { name: "b" }).name));
    tf.nameScope("x/y", () => add("slashed", tf.constant(1, { name: "a" }).name));
    add("dangling slash name", tf.constant(1, { name: "outer/" }).name);
    const named = (given: string | null): void => {
      tf.constant(1);
      tf.nameScope(given ?? "default_name", (scope) => add(given ? "given name" : "default name", scope));
    };
    named("opt");
    named(null);
    tf.constant(1);
    tf.nameScope("default_name", (scope) => add("default name again", scope));
  },
  variable_scopes(add) {
    const vector = { shape: [1] };
    let scope: tf.VariableScope | undefined;
    let v: tf.Variable | undefined;
    tf.variableScope("foo", (foo) => {
      scope = foo;
      v = tf.getVariable("v", vector);
      add("v", v.name);
      add("op in variable scope", tf.constant(1, { name: "c" }).name);
      tf.variableScope("bar", () => add("nested", tf.getVariable("v", vector).name));
      add("scope name", foo.name);
      add("original_name_scope", foo.originalNameScope);
    });
    tf.variableScope("foo", { reuse: true }, () => {
      add("reused is the same", tf.getVariable("v", vector) === v ? "True" : "False");
      add("op in reused scope", tf.constant(1, { name: "c" }).name);
    });
    tf.variableScope(scope!, { reuse: true }, () =>
      add("op in re-entered scope object", tf.constant(1, { name: "c" }).name),
    );
    tf.variableScope(scope!, { auxiliaryNameScope: false }, (same) =>
      tf.nameScope(same.originalNameScope, () =>
        add("op with original name scope", tf.constant(1, { name: "d" }).name),
      ),
    );
    tf.variableScope("foo", { reuse: tf.AUTO_REUSE }, () => {
      add("auto reuse new", tf.getVariable("w", vector).name);
      add("auto reuse old", tf.getVariable("v", vector).name);
    });
    for (const label of ["default name", "default name again"])
      tf.variableScope(null, { defaultName: "layer" }, () => add(label, tf.getVariable("w", vector).name));
    tf.nameScope("ns", () =>
      tf.variableScope("vs", () => {
        add("variable in vs in ns", tf.getVariable("v", vector).name);
        add("op in vs in ns", tf.constant(1, { name: "c" }).name);
      }),
    );
    tf.variableScope("a", () => tf.variableScope("b/c", () => add("slashed", tf.getVariable("v", vector).name)));
    add("Variable default", new tf.Variable(1).name);
    add("Variable default again", new tf.Variable(1).name);
    add("Variable name taken", new tf.Variable(1, { name: "ns" }).name);
    tf.getVariableScope().setInitializer(tf.zerosInitializer());
    tf.variableScope("init", { initializer: tf.constantInitializer(0.4) }, () =>
      add("initializer node", tf.getVariable("q", vector).initialValue!.name),
    );
    add("trainable", names(tf.trainableVariables()));
    add("collection by scope", names(tf.getCollection(tf.GraphKeys.GLOBAL_VARIABLES, "foo")));
  },
  training_names(add) {
    const w = tf.getVariable("w", { shape: [2, 2] });
    const y = tf.matmul(tf.placeholder(float32, [null, 2], { name: "x" }), w);
    const loss = tf.reduceMean(tf.square(y), { name: "loss" });
    const globalStep = new tf.Variable(0, { name: "global_step", trainable: false });
    add("train op", new tf.train.AdamOptimizer(0.1).minimize(loss, { globalStep }).name);
    add("all variables", names(tf.globalVariables()));
    add("report", printValue(operationNames()));
    add("second train op", new tf.train.GradientDescentOptimizer(0.1).minimize(loss).name);
    add("new nodes", printValue(operationNames().slice(-12)));
    new tf.train.Saver();
    add("saver nodes", printValue(operationNames().filter((name) => name.startsWith("save"))));
    add("init op", tf.globalVariablesInitializer().name);
    add("init op again", tf.globalVariablesInitializer().name);
    add("merge", tf.summary.mergeAll() === null ? "None" : "");
  },
  collections(add) {
    tf.addToCollection("mine", tf.constant(1, { name: "one" }));
    tf.getVariable("v", { shape: [1], collections: ["extra", tf.GraphKeys.GLOBAL_VARIABLES] });
    tf.getVariable("u", {
      shape: [1],
      regularizer: (value) => tf.reduceSum(tf.square(value), { name: "reg" }),
    });
    tf.getLocalVariable("loc", { shape: [1] });
    for (const key of [...getDefaultGraph().getAllCollectionKeys()].sort()) add(key, names(tf.getCollection(key)));
  },
};

const goldens = hasGoldens
  ? readGolden<{ cases: readonly Golden[] }>("strings", "texts.json").cases.filter(({ name }) => programs[name])
  : [];

describe.skipIf(!hasGoldens).each(goldens.map((golden) => [golden.name, golden] as const))("%s", (name, golden) => {
  test("are TensorFlow's, and so are the nodes", () => {
    const texts: { label: string; text: string }[] = [];
    const graph = new Graph();
    graph.asDefault(() => programs[name]!((label, text) => texts.push({ label, text: String(text) })));
    expect(texts).toEqual(golden.texts);
    const nodes = graphDefinition(graph).nodes.map((node) => `${node.name} = ${node.op}(${node.inputs.join(", ")})`);
    expect(nodes).toEqual(golden.nodes.map((text) => text.slice(0, text.indexOf(" {"))));
  });
});

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
