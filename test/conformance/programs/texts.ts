/** The programs of the oracle's make/strings.py whose printed texts are goldens, under the same names. */
import { float32, int32 } from "../../../src/core/dtype.ts";
import { printValue } from "../../../src/core/print.ts";
import { getDefaultGraph } from "../../../src/graph/graph.ts";
import * as tf from "../../../src/index.ts";

type Add = (label: string, text: unknown) => void;

const names = (items: readonly { readonly name: string }[]): string => printValue(items.map(({ name }) => name));
const operationNames = (): string[] =>
  getDefaultGraph()
    .getOperations()
    .map((op) => op.name);

/** The programs of make/strings.py. */
export const textPrograms: Record<string, (add: Add, dims: readonly [number, number]) => void | Promise<void>> = {
  printed_forms(add, [a, b]) {
    const rows = (m: number, n: number): number[][] => Array.from({ length: m }, () => new Array<number>(n).fill(1));
    add("constant", tf.constant(rows(a, b), { dtype: float32, name: "c" }));
    add("scalar int", tf.constant(3, { name: "answer" }));
    add("string", tf.constant("hi"));
    add("bool vector", tf.constant([true, false]));
    const x = tf.placeholder(float32, [null, b], { name: "x" });
    add("placeholder", x);
    add("placeholder without shape", tf.placeholder(int32));
    add("sum", tf.add(x, 1));
    add("operation", x.op.name);
    add("operation repr", x.op.repr());
    add("tensor repr", x.repr());
    add("operation text", x.op);
    const k = tf.constant(2.5, { name: "k" });
    add("constant operation text", k.op);
    const v = tf.getVariable("v", [a, b], { initializer: tf.zerosInitializer() });
    add("variable", v);
    add("variable repr", v.repr());
    add("variable op type", v.op.type);
    add("resource variable", tf.getVariable("r", [a], { useResource: true }));
    add("assign", v.assign(tf.ones([a, b])));
    add("initializer", v.initializer.name);
    add("initial value", v.initialValue);
    add("shape", x.shape);
    add("get_shape", v.getShape());
    add("unknown shape", tf.placeholder(float32).getShape());
    add("scalar shape", k.shape);
    add("shape list", printValue(x.getShape().asList()));
    add("dtype", x.dtype);
    add("dtype repr", x.dtype.repr());
    add("ref dtype", v.dtype);
    add("dim", x.getShape().dims![0]);
    add("dim repr", x.getShape().dims![1]!.repr());
    add("shape repr", x.getShape().repr());
    add("noop", tf.noOp().repr());
    add("group", tf.group(v.initializer).repr());
    add("indexed slices", tf.gradients(tf.reduceSum(tf.gather(v, [0])), [v])[0]);
    add("name of output 1", tf.split(tf.zeros([4]), 2)[1]);
  },
  async session_results(add) {
    const x = tf.constant([1, 2], float32);
    await using sess = new tf.Session();
    const i = tf.placeholder(int32, [], { name: "i" });
    const run = async (fetches: unknown, feed?: unknown): Promise<string> =>
      printValue(await sess.run(fetches as never, feed === undefined ? {} : { feedDict: [[i, feed]] }));
    add("vector", await run(x));
    add("1.9 fed to an int32 placeholder", await run(tf.identity(i), 1.9));
    add("True fed to an int32 placeholder", await run(tf.identity(i), true));
    add("scalar", await run(tf.constant(3)));
    add("float scalar", await run(tf.constant(0.1)));
    add(
      "matrix",
      await run(
        tf.constant([
          [1.5, 2],
          [3, 4],
        ]),
      ),
    );
    add("string", await run(tf.constant("hello")));
    add("bools", await run(tf.constant([true, false])));
    add("none of an operation", await run(tf.noOp()));
    add("list", await run([x, tf.constant(1)]));
    add("dict", await run({ a: tf.constant(1), b: [tf.constant(2, float32)] }));
  },
  unique_names(add) {
    const of = (label: string, tensor: tf.Tensor): void => add(label, tensor.name);
    for (let i = 0; i < 4; i++) of(`answer ${i}`, tf.constant(42, { name: "answer" }));
    of("explicit answer_1", tf.constant(1, { name: "answer_1" }));
    of("answer again", tf.constant(1, { name: "answer" }));
    of("upper case", tf.constant(1, { name: "Answer" }));
    of("default const", tf.constant(1));
    of("default const again", tf.constant(1));
    of("add", tf.constant(1).add(tf.constant(2)));
    of("mul", tf.constant(1).mul(2));
    of("sub", tf.constant(1).sub(2));
    of("truediv", tf.constant(1, float32).div(2));
    of("neg", tf.constant(1, float32).neg());
    of("matmul", tf.matmul(tf.zeros([1, 1]), tf.zeros([1, 1])));
    of("less", tf.constant(1, float32).less(2));
    of("mean", tf.reduceMean(tf.zeros([2])));
    of("slice", tf.zeros([3]).at("1:"));
    of("pow", tf.constant(2, float32).pow(2));
    of("mod", tf.constant(2).mod(2));
    of("floordiv", tf.constant(2).floordiv(2));
    of("abs", tf.constant(-1, float32).abs());
    of("cast", tf.cast(tf.constant(1), float32));
    of("to_float", tf.toFloat(tf.constant(1)));
    of("argmax", tf.argmax(tf.zeros([2]), 0));
    of("softmax", tf.nn.softmax(tf.zeros([1, 2])));
    of("relu", tf.nn.relu(tf.zeros([1, 2])));
  },
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
