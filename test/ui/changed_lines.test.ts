import { describe, expect, test } from "vitest";
import { changedLinesOnly, changeLines } from "../../src/ui/panel/changed_lines.ts";

const esc = "\u001b";

describe("changed lines", () => {
  test("are written, the others stepped over", () => {
    expect(changeLines("a\nb\nc\n", "a\nB\nc\n")).toBe(`\r${esc}[3A${esc}[1BB${esc}[K\n${esc}[1B`);
  });

  test("of a shorter frame clear what lay below", () => {
    expect(changeLines("a\nb\n", "a\n")).toBe(`\r${esc}[2A${esc}[1B${esc}[J`);
  });

  test("of a longer frame go on below", () => {
    expect(changeLines("a\n", "a\nb\n")).toBe(`\r${esc}[1A${esc}[1Bb${esc}[K\n`);
  });

  test("replace ink's frames and leave all else alone", () => {
    const written: string[] = [];
    const stream = { write: (text: string) => written.push(text) > 0 } as unknown as NodeJS.WriteStream;
    const quiet = changedLinesOnly(stream);
    const erased = `${esc}[2K${esc}[1A${esc}[2K${esc}[1A${esc}[2K${esc}[G`;
    quiet.write("a\nb\n");
    quiet.write(`${erased}a\nc\n`);
    quiet.write(erased);
    quiet.write("scrollback\n");
    quiet.write("a\nc\n");
    quiet.write(`${erased}a\nd\n`);
    const step = `\r${esc}[2A${esc}[1B`;
    expect(written).toEqual(["a\nb\n", `${step}c${esc}[K\n`, erased, "scrollback\n", "a\nc\n", `${step}d${esc}[K\n`]);
  });
});
