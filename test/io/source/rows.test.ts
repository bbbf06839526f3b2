import { describe, expect, test } from "vitest";
import {
  type Cell,
  type Column,
  ColumnTypes,
  type Source,
  selectColumns,
  toValue,
} from "../../../src/io/source/rows.ts";

function typesOf(names: readonly string[], rows: readonly (readonly Cell[])[], label?: string) {
  const types = new ColumnTypes(new Map(), label);
  for (const row of rows) types.add(names, row);
  return types.columns(names);
}

const int64: Column = { name: "n", type: "int64" };
const float: Column = { name: "x", type: "float" };
const bytes: Column = { name: "s", type: "bytes" };

describe("column types", () => {
  test.each([
    [["1", "-2", "+3"], "int64"],
    [["1", "2.5"], "float"],
    [["1e-3", "nan", "-inf"], "float"],
    [["1", "one"], "bytes"],
    [["", "7"], "int64"],
    [["9223372036854775807"], "int64"],
    [["9223372036854775808"], "float"],
    [["0x10"], "bytes"],
    [[true, 2], "int64"],
    [[[1, 2], [3.5]], "float"],
    [[null, ""], "bytes"],
  ] as [Cell[], string][])("%j are %s", (cells, type) => {
    expect(
      typesOf(
        ["c"],
        cells.map((cell) => [cell]),
      ),
    ).toEqual([{ name: "c", type }]);
  });

  test("number the words of a label in alphabetical order", () => {
    const rows = [["virginica"], ["setosa"], ["versicolor"], ["setosa"]];
    expect(typesOf(["species"], rows, "species")).toEqual([
      { name: "species", type: "int64", classes: ["setosa", "versicolor", "virginica"] },
    ]);
  });

  test("keep a label of numbers as it is", () => {
    expect(typesOf(["y"], [["5"], ["0"]], "y")).toEqual([{ name: "y", type: "int64" }]);
  });

  test("refuse a label that is no column", () => {
    expect(() => typesOf(["a", "b"], [["1", "2"]], "c")).toThrow('no column "c": there are a, b');
  });
});

describe("values", () => {
  test("of cells are features of their column's type", () => {
    expect(toValue(int64, "+9007199254740993", "f")).toEqual({
      kind: "int64",
      value: BigInt64Array.of(9007199254740993n),
    });
    expect(toValue(int64, [true, 2], "f")).toEqual({ kind: "int64", value: BigInt64Array.of(1n, 2n) });
    expect(toValue(float, ["0.1", "-inf"], "f")).toEqual({
      kind: "float",
      value: Float32Array.of(0.1, Number.NEGATIVE_INFINITY),
    });
    expect(toValue(bytes, "é", "f")).toEqual({ kind: "bytes", value: [Uint8Array.of(0xc3, 0xa9)] });
  });

  test("of whole numbers below 256 may be packed into bytes", () => {
    const uint8: Column = { name: "image", type: "uint8" };
    expect(toValue(uint8, ["0", "16", "255"], "f")).toEqual({ kind: "bytes", value: [Uint8Array.of(0, 16, 255)] });
    expect(() => toValue(uint8, ["256"], "f")).toThrow('"256" is no uint8');
  });

  test("of empty cells are missing, of empty lists empty", () => {
    expect(toValue(float, "", "f")).toBeUndefined();
    expect(toValue(float, null, "f")).toBeUndefined();
    expect(toValue(float, [], "f")).toEqual({ kind: "float", value: new Float32Array(0) });
  });

  test("that do not fit are refused with their place", () => {
    expect(() => toValue(int64, "1.5", "a.csv: row 3")).toThrow('a.csv: row 3: column n: "1.5" is no int64');
    expect(() => toValue(float, "x", "a.csv: row 3")).toThrow('column x: "x" is no float');
  });
});

describe("selected columns", () => {
  const source: Source = {
    path: "t.csv",
    names: ["c0", "c1", "c2", "c3"],
    async *rows() {
      yield [["1", "2", "3", "a"]];
      yield [["4", "5", "6", "b"]];
    },
  };
  const read = async (choices: string[], from = source) => {
    const selected = selectColumns(from, choices);
    const rows: unknown[] = [];
    for await (const group of selected.rows()) rows.push(...group);
    return { names: selected.names, rows };
  };

  test("are kept, renamed and packed", async () => {
    expect(await read(["c3", "first=c0", "image=0:3"])).toEqual({
      names: ["c3", "first", "image"],
      rows: [
        ["a", "1", ["1", "2", "3"]],
        ["b", "4", ["4", "5", "6"]],
      ],
    });
  });

  test("may be named by their index", async () => {
    expect((await read(["label=3"])).rows).toEqual([["a"], ["b"]]);
  });

  test("that are not there are refused", async () => {
    await expect(read(["x"])).rejects.toThrow('t.csv: no column "x": there are c0, c1, c2, c3');
    await expect(read(["x=2:9"])).rejects.toThrow("column 4 is empty");
  });
});
