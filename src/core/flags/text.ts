/** Texts about flags: help in lines, arguments for another program. Source: absl/flags/_helpers.py; textwrap.py. */
import { ValueError } from "../error.ts";
import { printValue } from "../print.ts";

/** How wide help is, in columns. */
export const getHelpWidth = (): number => 80;

/** Words, and parts of words that may stand at the end of a line: `long-`, `named`. */
const chunksOf = (text: string): string[] =>
  text
    .split(/\s+/)
    .filter((word) => word !== "")
    .flatMap((word) => word.split(/(?<=\w[^\W\d]-)(?=\w+[^\W\d])/).map((part, i) => (i === 0 ? ` ${part}` : part)));

function wrapped(paragraph: string, width: number, first: string, indent: string): string[] {
  const lines: string[] = [];
  let line = "";
  const room = (): number => width - (lines.length === 0 ? first : indent).length;
  const end = (): void => {
    lines.push((lines.length === 0 ? first : indent) + line);
    line = "";
  };
  for (const chunk of chunksOf(paragraph)) {
    let left = line === "" ? chunk.trimStart() : chunk;
    if (line !== "" && line.length + left.length > room()) {
      end();
      left = chunk.trimStart();
    }
    while (left.length > room()) {
      line = left.slice(0, room());
      left = left.slice(room());
      end();
    }
    line += left;
  }
  if (line !== "") end();
  return lines;
}

/** Paragraphs in lines of at most `length` columns. Throws ValueError for indents that leave no room. */
export function textWrap(
  text: string,
  length: number | null = null,
  indent: string | null = "",
  firstlineIndent: string | null = null,
): string {
  const width = length ?? getHelpWidth();
  const rest = indent ?? "";
  let first = firstlineIndent ?? rest;
  if (rest.length >= width) throw new ValueError("Length of indent exceeds length");
  if (first.length >= width) throw new ValueError("Length of first line indent exceeds length");
  const result: string[] = [];
  const paragraphs = text.split(/\r\n|[\n\r]/);
  if (paragraphs.at(-1) === "") paragraphs.pop();
  for (const paragraph of paragraphs) {
    result.push(...(paragraph.trim() ? wrapped(paragraph, width, first, rest) : [""]));
    first = rest;
  }
  return result.join("\n");
}

/** A documentation text without its indentation, one line for each paragraph. */
export function docToHelp(doc: string): string {
  const lines = doc
    .trim()
    .replace(/^[ \t]+$/gm, "")
    .split("\n");
  const indents = lines.slice(1).flatMap((line) => (line.trim() ? [line.length - line.trimStart().length] : []));
  const least = indents.length > 0 ? Math.min(...indents) : 0;
  const trimmed = [lines[0]!.trim(), ...lines.slice(1).map((line) => line.slice(least).trimEnd())];
  return trimmed
    .join("\n")
    .trim()
    .replace(/(?<=\S)\n(?=\S)/g, " ");
}

/** Arguments that set flags to values: `--key` for null and true, `--nokey`, `--key=a,b`, or `--key` once an item for those in multiFlags. */
export function* flagDictToArgs(
  flagMap: Readonly<Record<string, unknown>>,
  multiFlags: Iterable<string> | null = null,
): Generator<string> {
  const several = new Set(multiFlags ?? []);
  for (const [key, value] of Object.entries(flagMap)) {
    if (value === null || value === undefined || value === true) yield `--${key}`;
    else if (value === false) yield `--no${key}`;
    else if (typeof value === "string") yield `--${key}=${value}`;
    else if (typeof (value as Iterable<unknown>)[Symbol.iterator] === "function") {
      const items = [...(value as Iterable<unknown>)].map(printValue);
      if (several.has(key)) yield* items.map((item) => `--${key}=${item}`);
      else yield `--${key}=${items.join(",")}`;
    } else yield `--${key}=${printValue(value)}`;
  }
}
