/** The words of protobuf's text format: names, numbers, quoted strings with C escapes, and the signs between them. */
import { InvalidArgumentError } from "../core/error.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

const byteEscapes: Readonly<Record<number, string>> = {
  9: "\\t",
  10: "\\n",
  13: "\\r",
  34: '\\"',
  39: "\\'",
  92: "\\\\",
};

/** C escapes for what is not printable ASCII; with `keepUtf8`, bytes from 0x80 on stay as the text they are. */
export function escapeBytes(bytes: Uint8Array, keepUtf8 = false): string {
  let out = "";
  let run: number[] = [];
  const flush = () => {
    if (run.length > 0) out += decoder.decode(Uint8Array.from(run));
    run = [];
  };
  for (const byte of bytes) {
    if (keepUtf8 && byte >= 0x80) {
      run.push(byte);
      continue;
    }
    flush();
    out +=
      byteEscapes[byte] ??
      (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`);
  }
  flush();
  return out;
}

type TokenKind = "name" | "number" | "string" | "sign" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** As written: strings with their quotes and escapes. */
  readonly text: string;
  readonly at: number;
}

// No part of a number can end in two ways: a long one that is wrong is refused as fast as a right one is read.
const number = String.raw`0[xX][0-9A-Fa-f]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fF]?`;
const blank = /[ \t\r\n\v\f]+|#[^\n]*/y;
const token = new RegExp(`([A-Za-z_][A-Za-z0-9_]*)|(${number})(?![A-Za-z0-9_])|[{}<>[\\]:;,./-]`, "y");

/** Reads tokens one after another; errors name line and column. */
export class Tokenizer {
  readonly #text: string;
  readonly #path: string | undefined;
  token: Token = { kind: "end", text: "", at: 0 };
  #next = 0;

  constructor(text: string, path?: string) {
    this.#text = text;
    this.#path = path;
    this.advance();
  }

  advance(): Token {
    const was = this.token;
    let at = this.#next;
    for (blank.lastIndex = at; blank.test(this.#text); blank.lastIndex = at) at = blank.lastIndex;
    const quote = this.#text[at];
    if (quote === '"' || quote === "'") {
      this.#next = this.#endOfString(at, quote);
      this.token = { kind: "string", text: this.#text.slice(at, this.#next), at };
      return was;
    }
    token.lastIndex = at;
    const match = token.exec(this.#text);
    if (match) {
      const [text, name, number] = match;
      this.token = { kind: name !== undefined ? "name" : number !== undefined ? "number" : "sign", text, at };
      this.#next = token.lastIndex;
    } else {
      const rest = this.#text.slice(at, at + 20).split("\n")[0]!;
      if (at < this.#text.length) throw this.error(at, `Expected identifier or value, got: ${rest}`);
      this.token = { kind: "end", text: "", at };
    }
    return was;
  }

  #endOfString(from: number, quote: string): number {
    for (let i = from + 1; i < this.#text.length; i++) {
      const c = this.#text[i];
      if (c === quote) return i + 1;
      if (c === "\n") break;
      if (c === "\\") i++;
    }
    throw this.error(from, "String missing ending quote");
  }

  /** Takes the token if it is this sign. */
  accept(sign: string): boolean {
    if (this.token.kind !== "sign" || this.token.text !== sign) return false;
    this.advance();
    return true;
  }

  expect(sign: string): void {
    if (!this.accept(sign)) throw this.error(this.token.at, `Expected "${sign}", found "${this.token.text}".`);
  }

  /** INVALID_ARGUMENT `file: line:column : text`. */
  error(at: number, text: string): InvalidArgumentError {
    const before = this.#text.slice(0, at);
    const line = before.split("\n").length;
    const column = at - before.lastIndexOf("\n");
    const where = this.#path === undefined ? "" : `${this.#path}: `;
    return new InvalidArgumentError(`${where}${line}:${column} : ${text}`, {
      offset: at,
      ...(this.#path === undefined ? {} : { path: this.#path }),
    });
  }
}

const simpleEscapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "\\": 92,
  "'": 39,
  '"': 34,
  "?": 63,
};

const escaped = /\\(?:([0-7]{1,3})|[xX]([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([abfnrtv\\'"?]))/y;
const encoder = new TextEncoder();

/** The bytes of a quoted string, quotes included in the argument; undefined for an escape that does not exist. */
export function unquote(quoted: string): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  const end = quoted.length - 1;
  for (let at = 1; at < end; ) {
    const slash = quoted.indexOf("\\", at);
    const stop = slash < 0 ? end : slash;
    if (stop > at) parts.push(encoder.encode(quoted.slice(at, stop)));
    at = stop;
    if (slash < 0) break;
    escaped.lastIndex = at;
    const match = escaped.exec(quoted);
    if (!match) return undefined;
    const [, octal, hex, u, U, simple] = match;
    if (octal !== undefined) parts.push(Uint8Array.of(Number.parseInt(octal, 8) & 0xff));
    else if (hex !== undefined) parts.push(Uint8Array.of(Number.parseInt(hex, 16)));
    else if (simple !== undefined) parts.push(Uint8Array.of(simpleEscapes[simple]!));
    else {
      const point = Number.parseInt((u ?? U)!, 16);
      if (point > 0x10ffff) return undefined;
      parts.push(encoder.encode(String.fromCodePoint(point)));
    }
    at = escaped.lastIndex;
  }
  return concat(parts);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
