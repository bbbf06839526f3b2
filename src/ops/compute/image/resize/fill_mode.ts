/** Where positions outside of an axis read from. Source: image_ops.h, MapCoordinate; scipy.ndimage. */
const f = Math.fround;

export type FillMode = "CONSTANT" | "REFLECT" | "WRAP" | "NEAREST";

const clamp = (x: number, length: number): number => Math.min(Math.max(x, 0), length - 1);

/** [abcd] read as [dcba|abcd|dcba]. */
function reflected(x: number, length: number): number {
  if (x >= 0 && x <= length - 1) return x;
  if (length <= 1) return 0;
  const period = 2 * length;
  if (x < 0) {
    const moved = f(period * Math.trunc(f(-x / period)) + x);
    return moved < -length ? f(moved + period) : f(-moved - 1);
  }
  const moved = f(x - period * Math.trunc(f(x / period)));
  return moved >= length ? f(period - moved - 1) : moved;
}

/** [abcd] read as [abcd|abcd|abcd]. */
function wrapped(x: number, length: number): number {
  if (x >= 0 && x <= length - 1) return x;
  if (length <= 1) return 0;
  if (x < 0) return f(x + length * (Math.trunc(f(-x / (length - 1))) + 1));
  return f(x - length * Math.trunc(f(x / (length - 1))));
}

/** The position in an axis of `length` that a fill mode reads; CONSTANT leaves it outside. */
export function mapPosition(mode: FillMode, x: number, length: number): number {
  if (mode === "CONSTANT") return x;
  return clamp(mode === "REFLECT" ? reflected(x, length) : mode === "WRAP" ? wrapped(x, length) : x, length);
}
