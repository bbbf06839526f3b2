/**
 * Python's pprint.pformat: a value's repr() on one line where it fits into 80 columns, else an element a line:
 *     {'a': 1,
 *      'b': ['x',
 *            'y']}
 * Dictionaries go by sorted keys. Source: Lib/pprint.py.
 */
import { printValue, pythonString } from "../print.ts";

const width = 80;

export const pformat = (value: unknown): string => layout(value, { indent: 0, allowance: 0, level: 1 });

interface Place {
  readonly indent: number;
  /** Columns that what follows on the same line needs. */
  readonly allowance: number;
  readonly level: number;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

function repr(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(repr).join(", ")}]`;
  if (!isRecord(value)) return printValue([value]).slice(1, -1);
  return `{${sorted(value)
    .map((key) => `${pythonString(key)}: ${repr(value[key])}`)
    .join(", ")}}`;
}

const sorted = (record: object): string[] => Object.keys(record).sort();

function layout(value: unknown, place: Place): string {
  const { indent, allowance, level } = place;
  const text = repr(value);
  if (text.length <= width - indent - allowance) return text;
  if (Array.isArray(value)) {
    const inner = value.map((item, i) => {
      const last = i === value.length - 1;
      return layout(item, { indent: indent + 1, allowance: last ? allowance + 1 : 1, level: level + 1 });
    });
    return `[${inner.join(`,\n${" ".repeat(indent + 1)}`)}]`;
  }
  if (isRecord(value)) {
    const keys = sorted(value);
    const inner = keys.map((key, i) => {
      const head = `${pythonString(key)}: `;
      const last = i === keys.length - 1;
      const at = { indent: indent + 1 + head.length, allowance: last ? allowance + 1 : 1, level: level + 1 };
      return head + layout(value[key], at);
    });
    return `{${inner.join(`,\n${" ".repeat(indent + 1)}`)}}`;
  }
  return typeof value === "string" && value ? longText(value, place) : text;
}

/** A text in pieces, cut at ends of lines and before words. */
function longText(text: string, { indent, allowance, level }: Place): string {
  const isWhole = level === 1;
  const left = indent + (isWhole ? 1 : 0);
  const after = allowance + (isWhole ? 1 : 0);
  const lines = text.match(/[^\n]*\n|[^\n]+/g)!;
  const chunks = lines.flatMap((line, i) => {
    const isLast = i === lines.length - 1;
    return pythonString(line).length <= width - left - (isLast ? after : 0)
      ? [pythonString(line)]
      : wordsOf(line, width - left, isLast ? after : 0);
  });
  if (chunks.length === 1) return chunks[0]!;
  const joined = chunks.join(`\n${" ".repeat(left)}`);
  return isWhole ? `(${joined})` : joined;
}

function wordsOf(line: string, room: number, after: number): string[] {
  const parts = line.match(/\S+\s*|\s+/g)!;
  const chunks: string[] = [];
  let current = "";
  for (const [i, part] of parts.entries()) {
    const limit = room - (i === parts.length - 1 ? after : 0);
    if (pythonString(current + part).length <= limit) current += part;
    else {
      if (current) chunks.push(pythonString(current));
      current = part;
    }
  }
  return current ? [...chunks, pythonString(current)] : chunks;
}
