/** CSV, TSV, JSON and NDJSON files, and plain lines, as rows of cells. Files that begin as gzip are unpacked. */
import { invalidArgument, ResourceExhaustedError } from "../../core/error.ts";
import { type FileSystem, nodeFiles, type OpenFile } from "../file_system.ts";
import { ByteStream } from "../stream/byte_stream.ts";
import { CsvParser, maxRowChars } from "./csv.ts";
import type { Cell, Row, Scalar, Source } from "./rows.ts";

/** A file by its path, or bytes that came through a pipe. */
export interface Input {
  readonly path: string;
  readonly bytes?: Uint8Array;
}

const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b;

/** The first bytes of an input, at most n. Throws NOT_FOUND. */
export async function headOf({ path, bytes }: Input, n: number, files: FileSystem = nodeFiles): Promise<Uint8Array> {
  if (bytes) return bytes.subarray(0, n);
  const file = files.open(path, "r");
  try {
    const head = new Uint8Array(n);
    return head.subarray(0, await file.readAsync(head, 0));
  } finally {
    file.close();
  }
}

const pieceBytes = 2 ** 20;
/** A JSON file is parsed whole. */
const jsonMax = 256 * 2 ** 20;
const columnsMax = 10_000;

/** The bytes of an input in pieces, unpacked. DATA_LOSS for a gzip file that is damaged or cut off, RESOURCE_EXHAUSTED for one that swells. */
export async function* pieces(input: Input): AsyncGenerator<Uint8Array> {
  const compression = isGzip(await headOf(input, 2)) ? "GZIP" : "";
  if (input.bytes && compression === "") {
    yield input.bytes;
    return;
  }
  const files = input.bytes ? memoryFile(input.bytes) : nodeFiles;
  const stream = new ByteStream(input.path, compression, { files });
  try {
    for (;;) {
      const piece = await stream.read(pieceBytes);
      if (piece.length === 0) return;
      yield piece;
    }
  } finally {
    stream.close();
  }
}

async function* texts(input: Input): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const piece of pieces(input)) yield decoder.decode(piece, { stream: true });
  yield decoder.decode();
}

/** The lines of a text without their ends, in groups; the last one only if it is not empty. INVALID_ARGUMENT for one of more than 16 MiB. */
export async function* linesOf(input: Input): AsyncGenerator<string[]> {
  let rest = "";
  let n = 0;
  for await (const text of texts(input)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    n += lines.length;
    if (rest.length > maxRowChars)
      throw invalidArgument(`${input.path}: line ${n + 1}: more than 16 MiB`, { path: input.path });
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

/** Bytes in memory as a file. */
const memoryFile = (bytes: Uint8Array): FileSystem => ({
  ...nodeFiles,
  open: (path) =>
    ({
      path,
      sizeBytes: () => bytes.length,
      readAsync: async (into: Uint8Array, position: number) => {
        const part = bytes.subarray(position, position + into.length);
        into.set(part);
        return part.length;
      },
      close() {},
    }) as unknown as OpenFile,
});

const isScalar = (value: unknown): value is Scalar =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";

/** Names of columns in the order in which they were seen. */
class ColumnNames {
  readonly list: string[] = [];
  readonly #places = new Map<string, number>();

  /** RESOURCE_EXHAUSTED for more than 10,000 of them. */
  place(name: string, where: string): number {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    if (this.list.length >= columnsMax) throw new ResourceExhaustedError(`${where}: more than ${columnsMax} columns`);
    this.#places.set(name, this.list.length);
    return this.list.push(name) - 1;
  }
}

/** What a value is, or the value of a short one. */
const shown = (value: unknown): string =>
  Array.isArray(value) ? "a list" : typeof value === "string" ? JSON.stringify(value.slice(0, 60)) : String(value);

/** An object's members as cells in the order of names; absent ones behind the last are left out. */
function toRow(value: unknown, names: ColumnNames, where: string): Row {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalidArgument(`${where}: expected an object, got ${shown(value)}`);
  const cells: Cell[] = [];
  for (const [name, member] of Object.entries(value)) {
    const at = names.place(name, where);
    while (cells.length < at) cells.push(null);
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
  const names = new ColumnNames();
  return {
    path: input.path,
    names: names.list,
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
  const names = new ColumnNames();
  return {
    path: input.path,
    names: names.list,
    async *rows() {
      let text = "";
      for await (const piece of texts(input)) {
        text += piece;
        if (text.length > jsonMax)
          throw new ResourceExhaustedError(
            `${input.path}: more than 256 MiB of JSON; use one object a line (.ndjson)`,
            {
              path: input.path,
            },
          );
      }
      const value = parseJson(text, input.path);
      if (!Array.isArray(value))
        throw invalidArgument(`${input.path}: expected an array of objects`, { path: input.path });
      yield value.map((item, i) => toRow(item, names, `${input.path}: element ${i}`));
    },
  };
}
