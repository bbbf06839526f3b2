/** Numbers, sizes and times as people read them. */
export { printable } from "../core/text/controls.ts";

/** Four decimals where they say something, else four significant digits: `0.3302`, `5.684e-14`, `1.234e+6`, `NaN`. */
export function metric(x: number): string {
  if (!Number.isFinite(x)) return String(x);
  const size = Math.abs(x);
  return x === 0 || (size >= 1e-3 && size < 1e5) ? x.toFixed(4) : x.toExponential(3);
}

/** At most four significant digits, none in vain: `0.5`, `1e-5`, `806.1`. */
export const short = (x: number): string => (Number.isFinite(x) ? String(Number(x.toPrecision(4))) : String(x));

/** `81 200`: groups of three apart, whole numbers only. */
export function thousands(x: number | bigint): string {
  return String(typeof x === "bigint" ? x : Math.round(x)).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** `812`, `81.2`, `0.45`: a rate. */
export const rate = (x: number): string =>
  x >= 1000 ? thousands(x) : x >= 100 ? x.toFixed(0) : short(Number(x.toPrecision(3)));

/** `40 B`, `31.5 kB`, `49.9 MB`: multiples of 1000. */
export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  const unit = Math.min(4, Math.floor(Math.log10(n) / 3 + 1e-9));
  const value = n / 1000 ** unit;
  return `${value < 99.95 ? value.toFixed(1) : Math.round(value)} ${["B", "kB", "MB", "GB", "TB"][unit]}`;
}

/** `0.3 s`, `12 ms`: a short time. */
export const elapsed = (seconds: number): string =>
  seconds < 0.0995 ? `${Math.round(seconds * 1000)} ms` : seconds < 100 ? `${seconds.toFixed(1)} s` : clock(seconds);

/** `00:00:02`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** `1s`, `2m30s`, `3h05m`: one word. */
export function shortTime(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  const [big, small, unit] =
    whole < 3600
      ? [Math.floor(whole / 60), whole % 60, "ms"]
      : [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, "hm"];
  return `${big}${unit[0]}${String(small).padStart(2, "0")}${unit[1]}`;
}

/** The time of day of seconds since 1970, here: `12:01:05`. */
export function timeOfDay(seconds: number): string {
  const date = new Date(seconds * 1000);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) => String(n).padStart(2, "0")).join(":");
}

/** Columns that a text takes, wide letters counted as two. */
export function textWidth(text: string): number {
  let n = 0;
  for (const char of text) {
    const code = char.codePointAt(0)!;
    const wide =
      code >= 0x1100 &&
      (code <= 0x115f ||
        (code >= 0x2e80 && code <= 0xa4cf) ||
        (code >= 0xac00 && code <= 0xd7a3) ||
        (code >= 0xf900 && code <= 0xfaff) ||
        (code >= 0xfe30 && code <= 0xfe6f) ||
        (code >= 0xff00 && code <= 0xff60) ||
        (code >= 0x1f300 && code <= 0x1faff));
    const combining = (code >= 0x300 && code <= 0x36f) || code === 0x200d || (code >= 0xfe00 && code <= 0xfe0f);
    n += combining ? 0 : wide ? 2 : 1;
  }
  return n;
}

/** Rows in columns, two or more spaces apart; `right` names the columns that end flush. The last column is not padded. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = [], gap = 3): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, textWidth(cell));
    });
  return rows.map((row) =>
    row
      .map((cell, i) => {
        const pad = " ".repeat(widths[i]! - textWidth(cell));
        return right.includes(i) ? pad + cell : i === row.length - 1 ? cell : cell + pad;
      })
      .join(" ".repeat(gap))
      .trimEnd(),
  );
}
