/** The two streams: results and JSON on stdout; warnings, errors and hints on stderr. */
import { printableLines } from "../core/text/controls.ts";
import { type ColorFlag, chooseColor } from "../ui/choose.ts";
import { toJson } from "../ui/json.ts";

const styles = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const;
export type Style = keyof typeof styles;
const ownCodes = /(\u001b\[(?:1|2|22|39|3[1-6])m)/;

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: ColorFlag;
}

export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly #color: boolean;

  constructor({ json, quiet, color }: OutputOptions) {
    this.json = json;
    this.quiet = quiet;
    this.#color = chooseColor(color, process.stdout.isTTY === true, (name) => process.env[name]);
  }

  /** Columns of the terminal; 80 elsewhere. */
  get columns(): number {
    return process.stdout.columns || Number(process.env.COLUMNS) || 80;
  }

  /** Writes lines to stdout. Control characters are shown as \xNN, whatever names and texts they come from. */
  print(...lines: readonly string[]): void {
    if (lines.length > 0) process.stdout.write(`${this.#safe(lines.join("\n"))}\n`);
  }

  /** Writes bytes as they are, text as `print` does. */
  write(data: string | Uint8Array): void {
    process.stdout.write(typeof data === "string" ? this.#safe(data) : data);
  }

  /** Data for another program, as they are; to a terminal as `print` does. */
  writeData(data: string): void {
    process.stdout.write(process.stdout.isTTY ? this.#safe(data) : data);
  }

  /** The codes that `paint` writes stay. */
  #safe(text: string): string {
    if (!this.#color) return printableLines(text);
    return text
      .split(ownCodes)
      .map((part, i) => (i % 2 === 0 ? printableLines(part) : part))
      .join("");
  }

  /** One object, on a line of its own. */
  printJson(value: unknown): void {
    process.stdout.write(`${toJson(value)}\n`);
  }

  warn(message: string): void {
    process.stderr.write(`tsflow: warning: ${printableLines(message)}\n`);
  }

  /** What to do next, unless --quiet or --json. */
  hint(message: string): void {
    if (!this.quiet && !this.json) process.stderr.write(`${printableLines(message)}\n`);
  }

  paint(style: Style, text: string): string {
    return this.#color
      ? `\u001b[${styles[style]}m${text}\u001b[${style === "bold" || style === "dim" ? 22 : 39}m`
      : text;
  }
}

/** Resolves when everything written has left the process. */
export const drained = (): Promise<void> =>
  new Promise((resolve) => {
    if (process.stdout.destroyed) resolve();
    else process.stdout.write("", () => resolve());
  });

const isClosed = ({ code }: NodeJS.ErrnoException): boolean => code === "EPIPE" || code === "ERR_STREAM_DESTROYED";

/** A reader of stdout that leaves ends a reading command with 0; a training run goes on. */
export function watchClosedStdout(whenClosed: () => void): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (isClosed(error)) whenClosed();
    else throw error;
  });
  process.stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (!isClosed(error)) throw error;
  });
}
