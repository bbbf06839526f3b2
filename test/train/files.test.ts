/** tf.gfile, checkpoints by name, tf.graphUtil, tf.errors' codes: words and results as TensorFlow 2.21 gives them. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import * as tf from "../../src/index.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tsflow-files-"));
});

const { gfile } = tf;
const textsOf = (graphDef: { node: { name: string; op: string; input: readonly string[] }[] }): string[] =>
  graphDef.node.map(({ name, op, input }) => `${name} = ${op}(${input.join(", ")})`);

describe("tf.gfile", () => {
  test("writes, reads and lists", () => {
    const path = `${dir}/a.txt`;
    const out = new gfile.GFile(path, "w");
    out.write("one\ntwo\n");
    out.write("three");
    out.close();
    expect(new gfile.GFile(path).readlines()).toEqual(["one\n", "two\n", "three"]);
    const more = new gfile.GFile(path, "a");
    more.write("!");
    more.close();
    const file = new gfile.GFile(path, "rb");
    expect([...(file.read(3) as Uint8Array)]).toEqual([111, 110, 101]);
    file.seek(-6, 2);
    expect(file.tell()).toBe(8);
    expect(new TextDecoder().decode(file.read() as Uint8Array)).toBe("three!");
    expect(file.size()).toBe(14);
    gfile.MakeDirs(`${dir}/x/y`);
    gfile.Copy(path, `${dir}/x/b.txt`);
    gfile.Rename(`${dir}/x/b.txt`, `${dir}/x/y/c.txt`);
    expect(gfile.ListDirectory(dir)).toEqual(["a.txt", "x"]);
    expect([...gfile.Walk(dir)]).toEqual([
      [dir, ["x"], ["a.txt"]],
      [`${dir}/x`, ["y"], []],
      [`${dir}/x/y`, [], ["c.txt"]],
    ]);
    expect(gfile.Glob([`${dir}/*.txt`, `${dir}/none*`])).toEqual([path]);
    expect(gfile.Stat(path)).toMatchObject({ length: 14, isDirectory: false });
    gfile.DeleteRecursively(`${dir}/x`);
    expect(gfile.Exists(`${dir}/x/y/c.txt`)).toBe(false);
    expect(gfile.IsDirectory(dir)).toBe(true);
  });

  test("says what went wrong in TensorFlow's words", () => {
    const none = `${dir}/none`;
    expect(() => new gfile.GFile(none).read()).toThrow(`${none}; No such file or directory`);
    expect(() => gfile.Remove(none)).toThrow(`${none}; No such file or directory`);
    expect(() => gfile.MkDir(`${none}/a`)).toThrow(`${none}/a; No such file or directory`);
    expect(() => gfile.ListDirectory(none)).toThrow(`Could not find directory ${none}`);
    expect(() => gfile.DeleteRecursively(none)).toThrow(`${none} not found`);
    expect(() => new gfile.GFile(dir).read()).toThrow(`${dir}; Is a directory`);
    expect(() => new gfile.GFile(none).write("x")).toThrow("File isn't open for writing");
    expect(() => new gfile.GFile(none, "w").read()).toThrow("File isn't open for reading");
    expect(() => new gfile.GFile(none, "q" as "r")).toThrow("mode is not 'r' or 'w' or 'a' or 'r+' or 'w+' or 'a+'");
    for (const name of ["a", "b"]) {
      const file = new gfile.GFile(`${dir}/${name}`, "w");
      file.write(name);
      file.close();
    }
    expect(() => gfile.Copy(`${dir}/a`, `${dir}/b`)).toThrow("file already exists");
    expect(() => gfile.Rename(`${dir}/a`, `${dir}/b`)).toThrow(tf.errors.AlreadyExistsError);
    gfile.Copy(`${dir}/a`, `${dir}/b`, { overwrite: true });
    gfile.Copy(`${dir}/a`, `${dir}/b`, true);
    expect([...gfile.Walk(dir, false)]).toEqual([...gfile.Walk(dir, { inOrder: false })]);
    expect(new gfile.GFile(`${dir}/b`).read()).toBe("a");
  });
});

async function saved(): Promise<string> {
  return new tf.Graph().asDefault(async () => {
    tf.getVariable("a", { initializer: tf.constant([1.5, 2]) });
    tf.getVariable("sc/b", { initializer: tf.constant([3, 4]) });
    await using sess = new tf.Session();
    await sess.run(tf.globalVariablesInitializer());
    return (await new tf.train.Saver().save(sess, `${dir}/m`))!;
  });
}

describe("checkpoints by name", () => {
  test("lists and loads variables", async () => {
    const prefix = await saved();
    expect(tf.train.listVariables(dir)).toEqual([
      ["a", [2]],
      ["sc/b", [2]],
    ]);
    expect([...tf.train.loadVariable(prefix, "a:0").data]).toEqual([1.5, 2]);
    const reader = tf.train.NewCheckpointReader(prefix);
    expect(reader.debugString()).toBe("a (DT_FLOAT) [2]\nsc/b (DT_INT32) [2]\n");
    expect(reader.getVariableToDtypeMap()).toEqual({ a: tf.float32, "sc/b": tf.int32 });
    expect(reader.hasTensor("zz")).toBe(false);
    expect(() => reader.getTensor("zz")).toThrow("Key zz not found in checkpoint");
  });

  test("initializes variables, parts and scopes", async () => {
    await saved();
    await new tf.Graph().asDefault(async () => {
      const a = tf.getVariable("x/a", { shape: [2] });
      const b = tf.getVariable("y/b", { shape: [2], dtype: tf.int32, useResource: true });
      const q = tf.variableScope("p", { partitioner: tf.fixedSizePartitioner(2) }, () =>
        tf.getVariable("q", { shape: [2] }),
      );
      tf.train.initFromCheckpoint(dir, { a: "p/q", "sc/": "y/" });
      tf.train.initFromCheckpoint(dir, { a });
      const made = tf
        .getDefaultGraph()
        .getOperations()
        .map((op) => op.name)
        .filter((name) => !/^(x|y|p)\//.test(name));
      expect(made.filter((name) => !name.includes("/"))).toEqual([
        "checkpoint_initializer",
        "Assign",
        "checkpoint_initializer_1",
        "Assign_1",
        "checkpoint_initializer_2",
        "Identity",
        "AssignVariableOp",
        "checkpoint_initializer_3",
        "Assign_2",
      ]);
      await using sess = new tf.Session();
      await sess.run(tf.globalVariablesInitializer());
      expect([...(await sess.run(a)).data]).toEqual([1.5, 2]);
      expect([...(await sess.run(b)).data]).toEqual([3, 4]);
      const parts = [...(q as unknown as Iterable<tf.Variable>)];
      expect([...(await sess.run(parts[1]!)).data]).toEqual([2]);
      expect(() => tf.train.initFromCheckpoint(dir, { zz: a })).toThrow("Tensor zz is not found in");
      expect(() => tf.train.initFromCheckpoint(dir, { zz: "none" })).toThrow(
        "Assignment map with scope only name  should map to scope only zz. Should be 'scope/': 'other_scope/'.",
      );
    });
  });
});

describe("tf.graphUtil", () => {
  test("freezes variables into constants", () =>
    new tf.Graph().asDefault(async () => {
      const v = tf.getVariable("v", { initializer: tf.constant([[1.5, 2]]) });
      const w = tf.getVariable("w", { initializer: tf.constant([[1.5], [2]]), useResource: true });
      const x = tf.placeholder(tf.float32, [null, 1], { name: "x" });
      tf.identity(tf.matmul(tf.matmul(x, v), w), { name: "y" });
      tf.identity(tf.nn.embeddingLookup(w, [0], { name: "emb" }), { name: "z" });
      await using sess = new tf.Session();
      await sess.run(tf.globalVariablesInitializer());
      const graphDef = tf.getDefaultGraph().asGraphDef();
      const frozen = await tf.graphUtil.convertVariablesToConstants(sess, graphDef, ["y", "z"]);
      expect(textsOf(frozen)).toEqual([
        "v = Const()",
        "v/read = Identity(v)",
        "w = Const()",
        "x = Placeholder()",
        "MatMul = MatMul(x, v/read)",
        "MatMul_1/ReadVariableOp = Identity(w)",
        "MatMul_1 = MatMul(MatMul, MatMul_1/ReadVariableOp)",
        "y = Identity(MatMul_1)",
        "emb/ids = Const()",
        "emb = GatherV2(w, emb/ids, emb/axis)",
        "emb/Identity = Identity(emb)",
        "z = Identity(emb/Identity)",
        "emb/axis = Const()",
      ]);
      const small = tf.graphUtil.removeTrainingNodes(frozen, ["y"]);
      expect(textsOf(small).slice(3, 6)).toEqual([
        "MatMul = MatMul(x, v)",
        "MatMul_1 = MatMul(MatMul, w)",
        "y = Identity(MatMul_1)",
      ]);
      expect(() => tf.graphUtil.extractSubGraph(graphDef, ["none"])).toThrow("none is not in graph");
      await new tf.Graph().asDefault(async () => {
        const [y] = tf.importGraphDef(frozen, { returnElements: ["y:0"], name: "" })!;
        await using other = new tf.Session();
        expect([...(await other.run(y as tf.Tensor, { feedDict: [["x:0", [[2]]]] })).data]).toEqual([12.5]);
      });
    }));
});

test("tf.errors has TensorFlow's numbers", () => {
  expect(tf.errors.DATA_LOSS).toBe(15);
  expect(tf.errors.exceptionTypeFromErrorCode(tf.errors.NOT_FOUND)).toBe(tf.errors.NotFoundError);
  expect(tf.errors.errorCodeFromExceptionType(tf.errors.AbortedError)).toBe(10);
});
