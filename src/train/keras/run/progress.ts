/** The lines that fit, evaluate and predict print. Source: tf_keras/src/utils/generic_utils.py, Progbar. */
import { isTerminal, nowMs } from "../../../core/host.ts";
import type { Logs } from "../callbacks/callback.ts";
import { printMessage } from "../messages.ts";

const timeText = (seconds: number, unit: string): string => {
  if (seconds >= 1 || seconds === 0) return ` ${Math.round(seconds)}s/${unit}`;
  return seconds >= 1e-3 ? ` ${Math.round(seconds * 1e3)}ms/${unit}` : ` ${Math.round(seconds * 1e6)}us/${unit}`;
};

const valueText = (value: number): string => (value > 1e-3 ? value.toFixed(4) : exponential(value));

/** As Python's %.4e. */
const exponential = (value: number): string => value.toExponential(4).replace(/e([+-])(\d)$/, "e$10$2");

export interface ProgressOptions {
  /** How many there will be; null when nobody knows. */
  readonly target: number | null;
  /** 1: a bar, 2: a line for each epoch. */
  readonly verbose: 0 | 1 | 2;
  readonly unit: "sample" | "step";
  /** Taken as they are; the others are averaged over the batches so far. */
  readonly statefulMetrics?: readonly string[];
  /** Of the bar: 30. */
  readonly width?: number | undefined;
  /** Between two drawings: 50. */
  readonly intervalMs?: number | undefined;
}

/** One epoch. At a terminal the bar is drawn over itself; elsewhere it is printed when it is full. */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #start = nowMs();
  readonly #sums = new Map<string, { sum: number; weight: number }>();
  #drawnAt = 0;
  #width = 0;
  #seen = 0;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  update(current: number, logs: Logs): void {
    const { verbose, target } = this.#options;
    const isLast = target !== null && current >= target;
    this.#take(current, logs);
    if (verbose !== 1 || isLast || !isTerminal()) return;
    if (nowMs() - this.#drawnAt < (this.#options.intervalMs ?? 50)) return;
    this.#drawnAt = nowMs();
    const seconds = (nowMs() - this.#start) / 1000;
    const left = target === null ? null : (seconds / Math.max(current, 1)) * (target - current);
    this.#draw(
      this.#bar(current),
      left === null ? ` - ${Math.round(seconds)}s` : ` - ETA: ${remaining(left)}`,
      this.means(),
      false,
    );
  }

  #take(current: number, logs: Logs): void {
    const weight = Math.max(current - this.#seen, 1);
    this.#seen = current;
    for (const [name, value] of Object.entries(logs)) {
      const known = this.#options.statefulMetrics?.includes(name) ? undefined : this.#sums.get(name);
      this.#sums.set(name, { sum: (known?.sum ?? 0) + value * weight, weight: (known?.weight ?? 0) + weight });
    }
  }

  /** Of what updates said. */
  means(): Logs {
    return Object.fromEntries([...this.#sums].map(([name, { sum, weight }]) => [name, sum / weight]));
  }

  finish(current: number, logs: Logs): void {
    const { verbose, unit } = this.#options;
    if (verbose === 0) return;
    const seconds = (nowMs() - this.#start) / 1000;
    const each = seconds / Math.max(current, 1);
    const elapsed = ` - ${Math.round(seconds)}s`;
    if (verbose === 2) {
      const values = Object.entries(logs).map(([name, value]) => ` - ${name}: ${valueText(value)}`);
      printMessage(
        `${current}/${current}${elapsed}${values.join("")} -${timeText(seconds, "epoch")} -${timeText(each, unit)}\n`,
      );
    } else this.#draw(this.#bar(current, true), `${elapsed}${timeText(each, unit)}`, logs, true);
  }

  #bar(current: number, isFull = false): string {
    const target = this.#options.target ?? (isFull ? current : null);
    if (target === null) return `${String(current).padStart(7)}/Unknown`;
    const { width = 30 } = this.#options;
    const done = Math.floor((width * current) / Math.max(target, 1));
    const bar = done > 0 ? "=".repeat(done - 1) + (current < target ? ">" : "=") : "";
    return `${String(current).padStart(String(target).length)}/${target} [${bar.padEnd(width, ".")}]`;
  }

  #draw(bar: string, time: string, logs: Logs, isLast: boolean): void {
    const values = Object.entries(logs).map(
      ([name, value]) => ` - ${name}: ${Math.abs(value) > 1e-3 ? value.toFixed(4) : exponential(value)}`,
    );
    const line = `${bar}${time}${values.join("")}`;
    const clear = isTerminal() ? "\b".repeat(this.#width) : "";
    printMessage(
      `${isTerminal() ? `${clear}\r` : ""}${line.padEnd(isTerminal() ? this.#width : 0)}${isLast ? "\n" : ""}`,
    );
    this.#width = line.length;
  }
}

const remaining = (seconds: number): string => {
  const two = (n: number): string => String(Math.floor(n)).padStart(2, "0");
  if (seconds > 3600) return `${Math.floor(seconds / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
  return seconds > 60 ? `${Math.floor(seconds / 60)}:${two(seconds % 60)}` : `${Math.floor(seconds)}s`;
};
