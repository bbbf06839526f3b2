/** CSV, TSV, JSON and NDJSON files, and plain lines, as rows of cells. Files that begin as gzip are unpacked. */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { invalidArgument, NotFoundError } from "../../core/error.ts";
import { CsvParser } from "./csv.ts";
import type { Cell, Row, Scalar, Source } from "./rows.ts";

/** A file by its path, or bytes that came through a pipe. */
export interface Input {
  readonly path: string;
  readonly bytes?: Uint8Array;
}

const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b;

/** The first bytes of an input, at most n. Throws NOT_FOUND. */
export async function headOf({ path, bytes }: Input, n: number): Promise<Uint8Array> {
  if (bytes) return bytes.subarray(0, n);
  const file = await open(path).catch((cause: NodeJS.ErrnoException) => {
    throw new NotFoundError(`${path}: ${cause.code === "ENOENT" ? "no such file" : cause.message}`, { path, cause });
  });
  try {
    const head = new Uint8Array(n);
    const { bytesRead } = await file.read(head, 0, n, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The bytes of an input in pieces, unpacked. */
export async function* pieces(input: Input): AsyncGenerator<Uint8Array> {
  const raw = input.bytes ? Readable.from([input.bytes]) : createReadStream(input.path, { highWaterMark: 1 << 20 });
  const gunzip = isGzip(await headOf(input, 2)) ? createGunzip() : undefined;
  if (!gunzip) {
    yield* raw as AsyncIterable<Uint8Array>;
    return;
  }
  raw.on("error", (error: Error) => gunzip.destroy(error));
  yield* raw.pipe(gunzip) as AsyncIterable<Uint8Array>;
}

async function* texts(input: Input): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const piece of pieces(input)) yield decoder.decode(piece, { stream: true });
  yield decoder.decode();
}

/** The lines of a text without their ends, in groups; the last one only if it is not empty. */
export async function* linesOf(input: Input): AsyncGenerator<string[]> {
  let rest = "";
  for await (const text of texts(input)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  }
  if (rest !== "") yield [rest];
}

const isNumeric = (cell: string): boolean => cell.trim() !== "" && !Number.isNaN(Number(cell));

/** A first row of distinct words is a header. */
const looksLikeHeader = (row: readonly string[]): boolean =>
  row.every((cell) => cell !== "" && !isNumeric(cell)) && new Set(row).size === row.length;

export interface CsvOptions {
  readonly delimiter: "," | "\t" | ";";
  /** Whether the first row has the names; decided by its looks if left out. */
  readonly header?: boolean;
}

/** Rows of a CSV file; without a header the columns are called c0, c1, … Throws INVALID_ARGUMENT for a row of another length. */
export async function csvSource(input: Input, options: CsvOptions): Promise<Source> {
  async function* parsed(): AsyncGenerator<string[][]> {
    const parser = new CsvParser(options.delimiter, input.path);
    for await (const text of texts(input)) yield parser.push(text);
    yield parser.end();
  }
  let first: string[] | undefined;
  for await (const rows of parsed()) {
    first = rows[0];
    if (first) break;
  }
  if (!first) throw invalidArgument(`${input.path}: the file has no rows`, { path: input.path });
  const hasHeader = options.header ?? looksLikeHeader(first);
  const names = hasHeader ? first.map((name) => name.trim()) : first.map((_, i) => `c${i}`);
  return {
    path: input.path,
    names,
    async *rows() {
      let n = 0;
      for await (const rows of parsed()) {
        const data = n === 0 && hasHeader ? rows.slice(1) : rows;
        for (let i = 0; i < rows.length; i++) {
          if (rows[i]!.length === names.length) continue;
          const counts = `${rows[i]!.length} cells where the first row has ${names.length}`;
          throw invalidArgument(`${input.path}: row ${n + i + 1}: ${counts}`, { path: input.path });
        }
        n += rows.length;
        yield data.map((row) => row.map((cell) => cell.trim()));
      }
    },
  };
}

const isScalar = (value: unknown): value is Scalar =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";

/** An object's members as cells in the order of names, which grows by names not seen before. */
function toRow(value: unknown, names: string[], where: string): Row {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidArgument(`${where}: expected an object, got ${JSON.stringify(value)?.slice(0, 60)}`);
  }
  const cells: Cell[] = new Array<Cell>(names.length).fill(null);
  for (const [name, member] of Object.entries(value)) {
    let at = names.indexOf(name);
    if (at < 0) at = names.push(name) - 1;
    const isCell = member === null || isScalar(member) || (Array.isArray(member) && member.every(isScalar));
    if (!isCell) throw invalidArgument(`${where}: ${name} is neither a number, a text, nor a list of them`);
    cells[at] = member as Cell;
  }
  return cells;
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalidArgument(`${where}: ${(cause as Error).message}`, { cause });
  }
}

/** One JSON object a line. */
export function ndjsonSource(input: Input): Source {
  const names: string[] = [];
  return {
    path: input.path,
    names,
    async *rows() {
      let n = 0;
      for await (const lines of linesOf(input)) {
        const rows: Row[] = [];
        for (const line of lines) {
          n++;
          const where = `${input.path}: line ${n}`;
          if (line.trim() !== "") rows.push(toRow(parseJson(line, where), names, where));
        }
        yield rows;
      }
    },
  };
}

/** A JSON array of objects. */
export function jsonSource(input: Input): Source {
  const names: string[] = [];
  return {
    path: input.path,
    names,
    async *rows() {
      let text = "";
      for await (const piece of texts(input)) text += piece;
      const value = parseJson(text, input.path);
      if (!Array.isArray(value))
        throw invalidArgument(`${input.path}: expected an array of objects`, { path: input.path });
      yield value.map((item, i) => toRow(item, names, `${input.path}: element ${i}`));
    },
  };
}
