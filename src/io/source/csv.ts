/**
 * Comma or tab separated text, RFC 4180: fields may stand in double quotes, in which "" is one quote and line ends are text.
 *
 *     name,quote            ["name", "quote"]
 *     "a, b","say ""x"""    ["a, b", "say \"x\""]
 */
import { invalidArgument } from "../../core/error.ts";

export const maxRowChars = 16 * 2 ** 20;

/** Takes text in pieces, gives whole rows. Lines that are empty are left out. */
export class CsvParser {
  readonly #delimiter: string;
  readonly #path: string;
  #rest = "";
  #line = 1;
  #atStart = true;

  constructor(delimiter: "," | "\t" | ";", path: string) {
    this.#delimiter = delimiter;
    this.#path = path;
  }

  /** The rows that are complete with this piece. Throws INVALID_ARGUMENT for a row of more than 16 MiB. */
  push(text: string): string[][] {
    const all = this.#rest + (this.#atStart && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
    if (text !== "") this.#atStart = false;
    const rows = this.#rows(all, false);
    if (this.#rest.length > maxRowChars) throw this.#fault("a row of more than 16 MiB; is a quote open?");
    return rows;
  }

  /** The last row, if the text did not end with a line end. Throws INVALID_ARGUMENT for an open quote. */
  end(): string[][] {
    return this.#rows(this.#rest, true);
  }

  #fault(what: string) {
    return invalidArgument(`${this.#path}: line ${this.#line}: ${what}`, { path: this.#path });
  }

  #rows(text: string, isEnd: boolean): string[][] {
    const rows: string[][] = [];
    const delimiter = this.#delimiter;
    let at = 0;
    for (;;) {
      const start = at;
      const row: string[] = [];
      let lines = 0;
      for (;;) {
        if (text[at] === '"') {
          let field = "";
          for (at++; ; ) {
            const quote = text.indexOf('"', at);
            if (quote < 0 || (quote + 1 === text.length && !isEnd)) {
              if (isEnd) throw this.#fault("a quote is not closed");
              this.#rest = text.slice(start);
              return rows;
            }
            field += text.slice(at, quote);
            at = quote + 1;
            if (text[at] !== '"') break;
            field += '"';
            at++;
          }
          lines += field.split("\n").length - 1;
          const rest = fieldEnd(text, at, delimiter);
          row.push(field + text.slice(at, rest));
          at = rest;
        } else {
          const end = fieldEnd(text, at, delimiter);
          row.push(text.slice(at, end));
          at = end;
        }
        if (text[at] !== delimiter) break;
        at++;
      }
      // "\r" at the end of a piece may be half of "\r\n".
      const isOpen = at >= text.length || (text[at] === "\r" && at + 1 === text.length);
      if (isOpen && !isEnd) {
        this.#rest = text.slice(start);
        return rows;
      }
      if (at - start > maxRowChars) throw this.#fault("a row of more than 16 MiB; is a quote open?");
      if (row.length > 1 || row[0] !== "") rows.push(row);
      if (at >= text.length) {
        this.#rest = "";
        return rows;
      }
      at += text[at] === "\r" && text[at + 1] === "\n" ? 2 : 1;
      this.#line += lines + 1;
    }
  }
}

/** The index of the delimiter or line end that closes a field without quotes. */
function fieldEnd(text: string, from: number, delimiter: string): number {
  const delimiterCode = delimiter.charCodeAt(0);
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === delimiterCode || code === 10 || code === 13) return i;
  }
  return text.length;
}
