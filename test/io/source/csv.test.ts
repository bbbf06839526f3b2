import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CsvParser } from "../../../src/io/source/csv.ts";

const parse = (text: string, pieces = [text], delimiter: "," | "\t" | ";" = ",") => {
  const parser = new CsvParser(delimiter, "t.csv");
  return [...pieces.flatMap((piece) => parser.push(piece)), ...parser.end()];
};

describe("CSV", () => {
  test.each([
    [
      "a,b\n1,2\n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "a,b\r\n1,2\r\n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "a,b\n1,2",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    ['"a, b","say ""x"""\n', [["a, b", 'say "x"']]],
    [
      '"two\nlines",2\n3,4\n',
      [
        ["two\nlines", "2"],
        ["3", "4"],
      ],
    ],
    [
      "a,,c\n,\n",
      [
        ["a", "", "c"],
        ["", ""],
      ],
    ],
    ["\ufeffa,b\n", [["a", "b"]]],
    ["a\n\n\nb\n", [["a"], ["b"]]],
    ['""\n"x",""\n', [["x", ""]]],
    ["", []],
  ])("%j has the rows %j", (text, rows) => {
    expect(parse(text)).toEqual(rows);
  });

  test("separates by tabs", () => {
    expect(parse("a\tb,c\n", undefined, "\t")).toEqual([["a", "b,c"]]);
  });

  test("is the same in whatever pieces it comes", () => {
    const cell = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r", " ", "é") });
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 5 });
    fc.assert(
      fc.property(
        table,
        fc.infiniteStream(fc.integer({ min: 1, max: 6 })),
        fc.constantFrom("\n", "\r\n"),
        (rows, sizes, end) => {
          const text = rows.map((row) => row.map(quoted).join(",") + end).join("");
          const pieces: string[] = [];
          for (let at = 0; at < text.length; at += pieces.at(-1)!.length)
            pieces.push(text.slice(at, at + sizes.next().value!));
          expect(parse(text, pieces)).toEqual(rows);
        },
      ),
    );
  });

  test("with an open quote is refused with its line", () => {
    expect(() => parse('a,b\n1,"2\n3\n')).toThrow("t.csv: line 2: a quote is not closed");
  });
});
