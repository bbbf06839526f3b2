/** Which form reports take, and whether there is colour: decided by what the streams are. */

export type UiFlag = "auto" | "tty" | "plain" | "none";
export type UiKind = "panel" | "plain" | "json" | "none";
export type ColorFlag = "auto" | "always" | "never";

export interface Surroundings {
  readonly stdinIsTTY: boolean;
  readonly stdoutIsTTY: boolean;
  readonly stderrIsTTY: boolean;
  readonly columns: number;
  readonly rows: number;
  readonly env: (name: string) => string | undefined;
}

export const minColumns = 60;
export const minRows = 16;

const isOn = (value: string | undefined): boolean => value !== undefined && !["", "0", "false"].includes(value);

/** `--ui tty` overrules CI, TERM and the size, but never draws where stdin or stdout is no terminal. */
export function chooseUi(flag: UiFlag, json: boolean, at: Surroundings): UiKind {
  if (json) return "json";
  if (flag === "plain" || flag === "none") return flag;
  if (!at.stdinIsTTY || !at.stdoutIsTTY) return "plain";
  if (flag === "tty") return "panel";
  const fits = at.columns >= minColumns && at.rows >= minRows;
  return fits && at.stderrIsTTY && !isOn(at.env("CI")) && at.env("TERM") !== "dumb" ? "panel" : "plain";
}

/** --color, then NO_COLOR, then FORCE_COLOR, then whether the stream is a terminal. */
export function chooseColor(flag: ColorFlag, streamIsTTY: boolean, env: Surroundings["env"]): boolean {
  if (flag !== "auto") return flag === "always";
  if (env("NO_COLOR")) return false;
  const forced = env("FORCE_COLOR");
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return streamIsTTY && env("TERM") !== "dumb";
}

/** Plots and borders of plain letters: asked for by NO_COLOR, and needed where Linux has no terminal emulator. */
export const chooseAscii = (env: Surroundings["env"]): boolean => Boolean(env("NO_COLOR")) || env("TERM") === "linux";
