/** Regular expressions in RE2's syntax: RegexReplace, RegexFullMatch. Source: regex_replace_op.cc, regex_full_match_op.cc. */

import { InvalidArgumentError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import { withRank } from "../../../core/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, isSymbolic, type TensorLike } from "../../convert.ts";
import { defineOp } from "../../define.ts";
import { byKeyword, byName, type Rest } from "../../options.ts";
import { type Name, type Named, nameOf } from "../array/basic/names.ts";
import { mapStrings, stringsOf, testStrings, toBytes, toText } from "./bytes.ts";

const posixClasses: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\x00-\\x7f",
  blank: "\\t ",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`{-~",
  space: "\\t\\n\\v\\f\\r ",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
};

/** Escapes whose meaning differs between RE2 and JavaScript. */
const escapes: Readonly<Record<string, string>> = {
  A: "^",
  z: "$",
  a: "\\x07",
  C: "[\\s\\S]",
  s: "[\\t\\n\\f\\r ]",
  S: "[^\\t\\n\\f\\r ]",
};
const classEscapes: Readonly<Record<string, string>> = { a: "\\x07", s: "\\t\\n\\f\\r " };

/** An RE2 pattern as JavaScript's. Throws SyntaxError for what has no counterpart. */
function translate(pattern: string): { source: string; flags: string } {
  let flags = "u";
  let source = "";
  let i = 0;
  const leading = /^\(\?([imsU]+)\)/.exec(pattern);
  if (leading) {
    i = leading[0].length;
    for (const flag of leading[1]!) if (flag !== "U") flags += flag;
  }
  const dot = flags.includes("s") ? "[\\s\\S]" : "[^\\n]";
  flags = flags.replace("s", "");
  let inClass = false;
  while (i < pattern.length) {
    const c = pattern[i]!;
    if (c === "\\") {
      const next = pattern[i + 1] ?? "";
      if (next === "Q") {
        const end = pattern.indexOf("\\E", i + 2);
        const literal = pattern.slice(i + 2, end < 0 ? pattern.length : end);
        source += literal.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
        i = end < 0 ? pattern.length : end + 2;
        continue;
      }
      const special = /^\\(x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|[pP]\{\^?[^}]+\}|[pP][A-Z]|0[0-7]{0,2})/.exec(
        pattern.slice(i),
      );
      if (special) {
        source += codePoint(special[1]!);
        i += special[0].length;
        continue;
      }
      source += (inClass ? classEscapes[next] : escapes[next]) ?? escapedCharacter(next, inClass);
      i += 2;
      continue;
    }
    if (inClass) {
      const posix = /^\[:(\^?)(\w+):\]/.exec(pattern.slice(i));
      if (posix && posixClasses[posix[2]!]) {
        if (posix[1]) throw new SyntaxError("negated classes inside classes");
        source += posixClasses[posix[2]!];
        i += posix[0].length;
        continue;
      }
      if (c === "]") inClass = false;
      source += c === "[" ? "\\[" : c;
      i++;
      continue;
    }
    if (c === "[") {
      inClass = true;
      const head = /^\[\^?\]?/.exec(pattern.slice(i))![0];
      source += head.endsWith("]") ? `${head.slice(0, -1)}\\]` : head;
      i += head.length;
      continue;
    }
    if (c === "(" && pattern.startsWith("(?P<", i)) {
      source += "(?<";
      i += 4;
      continue;
    }
    const count = c === "{" ? (/^\{\d+(,\d*)?\}/.exec(pattern.slice(i))?.[0] ?? "") : "";
    source += count || (c === "." ? dot : "{}]".includes(c) ? `\\${c}` : c);
    i += count.length || 1;
  }
  return { source, flags };
}

function codePoint(text: string): string {
  if (text[0] === "p" || text[0] === "P") {
    const body = text[1] === "{" ? text.slice(2, -1) : text[1]!;
    const isNegated = body.startsWith("^") !== (text[0] === "P");
    const name = body.replace("^", "");
    const property = name.length > 2 ? `Script=${name}` : name;
    return `\\${isNegated ? "P" : "p"}{${property}}`;
  }
  if (text[0] === "x") return `\\u{${text[1] === "{" ? text.slice(2, -1) : text.slice(1)}}`;
  return `\\u{${Number.parseInt(text, 8).toString(16)}}`;
}

/** An escaped letter or sign that Unicode mode accepts. */
const escapedCharacter = (c: string, inClass: boolean): string =>
  /[\w^$\\.*+?()[\]{}|/]/.test(c) || (inClass && c === "-") ? `\\${c}` : c;

/** RE2's words for the commonest faults; JavaScript's for others. */
function complaint(pattern: string, message: string): string {
  if (message.includes("Unterminated group")) return `missing ): ${pattern}`;
  if (message.includes("Unmatched ')'")) return `unexpected ): ${pattern}`;
  if (message.includes("Unterminated character class")) return `missing ]: ${pattern.slice(pattern.lastIndexOf("["))}`;
  if (message.includes("Nothing to repeat"))
    return `no argument for repetition operator: ${/[*+?]/.exec(pattern)?.[0] ?? pattern}`;
  return message.replace(/^Invalid regular expression: /, "");
}

const compiled = new Map<string, RegExp>();
const maxCompiled = 256;

/** A pattern that looks for matches from a place on. Throws INVALID_ARGUMENT for what RE2 refuses. */
function compile(pattern: string): RegExp {
  const known = compiled.get(pattern);
  if (known) return known;
  let regex: RegExp;
  try {
    const { source, flags } = translate(pattern);
    regex = new RegExp(source, `${flags}g`);
  } catch (error) {
    throw new InvalidArgumentError(
      `Invalid pattern: ${pattern}, error: ${complaint(pattern, (error as Error).message)}`,
    );
  }
  if (compiled.size >= maxCompiled) compiled.delete(compiled.keys().next().value!);
  compiled.set(pattern, regex);
  return regex;
}

/** The rewrite's text with `\0` to `\9` replaced by the groups of a match. */
const expand = (rewrite: string, match: RegExpExecArray): string =>
  rewrite.replace(/\\(\d|\\)/g, (_, c: string) => (c === "\\" ? "\\" : (match[Number(c)] ?? "")));

function checkRewrite(rewrite: string, regex: RegExp): void {
  const bad = /\\(?![\d\\])/.exec(rewrite.replaceAll("\\\\", ""));
  if (bad) throw new InvalidArgumentError(`Invalid rewrite pattern: ${rewrite}`);
  const groups = new RegExp(`${regex.source}|`, regex.flags).exec("")!.length - 1;
  for (const [, digit] of rewrite.matchAll(/\\(\d)/g)) {
    if (Number(digit) > groups) throw new InvalidArgumentError(`Invalid rewrite pattern: ${rewrite}`);
  }
}

/** Replaces the first match or all; an empty match just after another one does not count, as in RE2. */
function replaced(text: string, regex: RegExp, rewrite: string, isGlobal: boolean): string {
  let result = "";
  let at = 0;
  let lastEnd = -1;
  regex.lastIndex = 0;
  for (;;) {
    const match = regex.exec(text);
    if (!match) break;
    const end = match.index + match[0].length;
    if (match[0] === "") regex.lastIndex = end + (text.codePointAt(end)! > 0xffff ? 2 : 1);
    if (match[0] === "" && match.index === lastEnd) continue;
    result += text.slice(at, match.index) + expand(rewrite, match);
    at = end;
    lastEnd = end;
    if (!isGlobal) break;
  }
  return result + text.slice(at);
}

function replaceAll(input: NdArray, pattern: string, rewrite: string, isGlobal: boolean): NdArray {
  const regex = compile(pattern);
  checkRewrite(rewrite, regex);
  return mapStrings(input, (bytes) => toBytes(replaced(toText(bytes), regex, rewrite, isGlobal)));
}

function fullMatch(input: NdArray, pattern: string): NdArray {
  const regex = compile(pattern);
  const whole = new RegExp(`^(?:${regex.source})$`, regex.flags.replace("g", "").replace("m", ""));
  return testStrings(input, (bytes) => whole.test(toText(bytes)));
}

const scalarText = (array: NdArray, what: string): string => {
  if (array.shape.length !== 0)
    throw new InvalidArgumentError(`${what} must be scalar, but received [${array.shape.join(",")}]`);
  return toText(stringsOf(array)[0]!);
};

/** output = input with matches of the pattern replaced by the rewrite, in which `\1` is the first group. */
export const regexReplaceOp = defineOp("RegexReplace", {
  inputs: ["input: string", "pattern: string", "rewrite: string"],
  outputs: ["output: string"],
  attrs: ["replace_global: bool = true"],
  shape({ input, pattern, rewrite }) {
    withRank(pattern, 0);
    withRank(rewrite, 0);
    return [input];
  },
  compute: ({ input, pattern, rewrite, replace_global }) =>
    replaceAll(input, scalarText(pattern, "Pattern"), scalarText(rewrite, "Rewrite"), replace_global),
  gradient: "none",
});

export const staticRegexReplaceOp = defineOp("StaticRegexReplace", {
  inputs: ["input: string"],
  outputs: ["output: string"],
  attrs: ["pattern: string", "rewrite: string", "replace_global: bool = true"],
  shape: ({ input }) => [input],
  compute: ({ input, pattern, rewrite, replace_global }) => replaceAll(input, pattern, rewrite, replace_global),
  gradient: "unregistered",
});

/** output = does the pattern match the whole string? */
export const regexFullMatchOp = defineOp("RegexFullMatch", {
  inputs: ["input: string", "pattern: string"],
  outputs: ["output: bool"],
  shape({ input, pattern }) {
    withRank(pattern, 0);
    return [input];
  },
  compute: ({ input, pattern }) => fullMatch(input, scalarText(pattern, "Pattern")),
  gradient: "unregistered",
});

export const staticRegexFullMatchOp = defineOp("StaticRegexFullMatch", {
  inputs: ["input: string"],
  outputs: ["output: bool"],
  attrs: ["pattern: string"],
  shape: ({ input }) => [input],
  compute: ({ input, pattern }) => fullMatch(input, pattern),
  gradient: "unregistered",
});

type RegexReplaceOptions = { readonly replaceGlobal?: boolean } & Named;
const regexReplacePlaces = ["replaceGlobal", "name"] as const;

/** Matches replaced; a pattern and rewrite given as text become attrs. Source: string_ops.py. */
export const regexReplace = byKeyword(
  ["input", "pattern", "rewrite"],
  function regexReplace(
    input: TensorLike,
    pattern: TensorLike,
    rewrite: TensorLike,
    ...rest: Rest<RegexReplaceOptions, typeof regexReplacePlaces>
  ): Tensor {
    const options = byName<RegexReplaceOptions>(rest, regexReplacePlaces);
    const { replaceGlobal: replace_global = true, name } = options;
    if (typeof pattern === "string" && typeof rewrite === "string")
      return staticRegexReplaceOp({ input, pattern, rewrite, replace_global }, name);
    return regexReplaceOp(
      { input, pattern: isSymbolic(pattern) ? convertToTensor(pattern) : pattern, rewrite, replace_global },
      name,
    );
  },
);

/** Whether the whole string matches. */
export function regexFullMatch(input: TensorLike, pattern: TensorLike, name?: Name): Tensor {
  if (typeof pattern === "string") return staticRegexFullMatchOp({ input, pattern }, nameOf(name));
  return regexFullMatchOp({ input, pattern }, nameOf(name));
}
