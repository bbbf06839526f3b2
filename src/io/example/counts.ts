/** What the values of one feature are over many Examples: how many, between which bounds, how many distinct ones. */
import type { FeatureValue } from "./example.ts";

const maxDistinct = 1000;

export class ValueCounts {
  /** The kinds seen, `none` left out. */
  readonly #kinds = new Set<"bytes" | "float" | "int64">();
  present = 0;
  values = 0;
  /** Fewest and most values in one record. */
  fewest = Number.POSITIVE_INFINITY;
  longest = 0;
  /** Bounds of the values that are finite; of the sizes for bytes. */
  low = Number.POSITIVE_INFINITY;
  high = Number.NEGATIVE_INFINITY;
  notFinite = 0;
  #sum = 0;
  /** Counts of whole numbers and of bytes; undefined for floats, and where there are more than 1000. */
  distinct: Map<number | string, number> | undefined = new Map();

  get kind(): "bytes" | "float" | "int64" {
    return [...this.#kinds][0] ?? "bytes";
  }

  /** `int64`, or `int64 and float` where records disagree. */
  get kindText(): string {
    return [...this.#kinds].join(" and ") || "none";
  }

  get mean(): number {
    return this.#sum / (this.values - this.notFinite);
  }

  add(feature: FeatureValue): void {
    if (feature.kind === "none") return;
    this.#kinds.add(feature.kind);
    this.present++;
    const n = feature.value.length;
    this.fewest = Math.min(this.fewest, n);
    this.longest = Math.max(this.longest, n);
    for (let i = 0; i < n; i++) this.#addValue(feature.kind, feature.value[i]!);
  }

  #addValue(kind: "bytes" | "float" | "int64", item: Uint8Array | number | bigint): void {
    this.values++;
    const x = kind === "bytes" ? (item as Uint8Array).length : Number(item);
    if (!Number.isFinite(x)) {
      this.notFinite++;
      return;
    }
    if (x < this.low) this.low = x;
    if (x > this.high) this.high = x;
    this.#sum += x;
    if (kind === "float") this.distinct = undefined;
    if (!this.distinct) return;
    const key = kind === "bytes" ? Buffer.from(item as Uint8Array).toString("latin1") : x;
    this.distinct.set(key, (this.distinct.get(key) ?? 0) + 1);
    if (this.distinct.size > maxDistinct) this.distinct = undefined;
  }

  toJson(records: number): object {
    const { low, high, mean, present, values, fewest, longest, notFinite, distinct, kind } = this;
    const bounds = kind === "bytes" ? { bytes_min: low, bytes_max: high } : { min: low, max: high, mean };
    const shared = {
      type: this.kindText,
      present: records === 0 ? 0 : present / records,
      values,
      values_min: fewest,
      values_max: longest,
    };
    return { ...shared, ...(values > 0 && bounds), not_finite: notFinite, distinct: distinct?.size ?? null };
  }
}
