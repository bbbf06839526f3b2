/**
 * A line plot of letters. Each braille letter is a grid of 2 x 4 dots, so 50 letters by 7 lines show 100 x 28 points.
 *
 *     dots of a letter   1 4        bits   0x01 0x08
 *                        2 5               0x02 0x10
 *                        3 6               0x04 0x20
 *                        7 8               0x40 0x80
 */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlotOptions {
  /** Columns and lines of the drawing, axis labels not counted. */
  readonly width: number;
  readonly height: number;
  /** The range of x; that of the points if absent. */
  readonly from?: number;
  readonly to?: number;
  /** The range of y; that of the points if absent. */
  readonly low?: number;
  readonly high?: number;
  /** y in powers of ten; points that are not positive are left out. */
  readonly log?: boolean;
  /** `*` for each letter that has a dot. */
  readonly ascii?: boolean;
}

export interface Plot {
  readonly lines: readonly string[];
  /** The range of y that the lines span, in the units of the points. */
  readonly low: number;
  readonly high: number;
  /** The y of the middle of the lines. */
  readonly middle: number;
}

const bits = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/** Draws points joined by lines, in the order given (x rising). Points that are not finite are left out. */
export function plot(points: readonly Point[], options: PlotOptions): Plot {
  const { width, height, log = false, ascii = false } = options;
  const shown = points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y) && (!log || y > 0));
  const scaled = shown.map(({ x, y }) => ({ x, y: log ? Math.log10(y) : y }));
  const unscale = (y: number) => (log ? 10 ** y : y);
  let low = scaled.reduce((least, { y }) => Math.min(least, y), Number.POSITIVE_INFINITY);
  let high = scaled.reduce((most, { y }) => Math.max(most, y), Number.NEGATIVE_INFINITY);
  if (scaled.length === 0) [low, high] = [0, 0];
  if (options.low !== undefined) low = log ? Math.log10(options.low) : options.low;
  if (options.high !== undefined) high = log ? Math.log10(options.high) : options.high;
  const from = options.from ?? scaled[0]?.x ?? 0;
  const to = options.to ?? scaled.at(-1)?.x ?? 0;

  const cols = 2 * width;
  const rows = 4 * height;
  const dots = new Uint8Array(width * height);
  const dot = (col: number, row: number) => {
    if (col < 0 || col >= cols || row < 0 || row >= rows) return;
    dots[(row >> 2) * width + (col >> 1)]! |= bits[row & 3]![col & 1]!;
  };
  const place = ({ x, y }: Point) => ({
    col: to === from ? 0 : Math.round(((x - from) / (to - from)) * (cols - 1)),
    row: high === low ? rows >> 1 : Math.round(((high - y) / (high - low)) * (rows - 1)),
  });
  let before: { col: number; row: number } | undefined;
  for (const point of scaled) {
    const here = place(point);
    const start = before ?? here;
    const steps = Math.max(Math.abs(here.col - start.col), Math.abs(here.row - start.row), 1);
    for (let i = 0; i <= steps; i++) {
      const part = i / steps;
      dot(Math.round(start.col + part * (here.col - start.col)), Math.round(start.row + part * (here.row - start.row)));
    }
    before = here;
  }
  const letter = (pattern: number) => (pattern === 0 ? " " : ascii ? "*" : String.fromCharCode(0x2800 + pattern));
  const lines = Array.from({ length: height }, (_, i) =>
    Array.from(dots.subarray(i * width, (i + 1) * width), letter).join(""),
  );
  return { lines, low: unscale(low), high: unscale(high), middle: unscale((low + high) / 2) };
}
