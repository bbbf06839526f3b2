/** Rows of the benchmarks' result: as an aligned table, and as JSON with the same fields. */

/** What a row is held to. */
export interface Target {
  /** `ratio`: to the peer's; `value`: of the row itself. */
  readonly of: "ratio" | "value";
  readonly at: "least" | "most";
  readonly limit: number;
}

export interface Row {
  readonly work: string;
  /** How it ran: `sess.run`, `makeCallable`, `process`, … */
  readonly way: string;
  readonly value: number;
  readonly unit: string;
  /** The median window, where the value is the best one. */
  readonly median?: number;
  /** The peer's value in the same run. */
  readonly peer?: number;
  /** How many times as fast as the peer. */
  readonly ratio?: number;
  readonly target?: Target;
  /** Is the target met? Absent without a target, or without the peer that it needs. */
  readonly pass?: boolean;
  readonly note?: string;
}

/** Adds the ratio to the peer (of times; of rates with `isRate`) and whether the target is met. */
export function judged(row: Omit<Row, "ratio" | "pass">, isRate = false): Row {
  const { value, peer, target } = row;
  const ratio = peer === undefined ? undefined : isRate ? value / peer : peer / value;
  const measured = target?.of === "ratio" ? ratio : value;
  const pass =
    target && measured !== undefined
      ? target.at === "least"
        ? measured >= target.limit
        : measured <= target.limit
      : undefined;
  return {
    ...row,
    ...(ratio === undefined ? {} : { ratio }),
    ...(pass === undefined ? {} : { pass }),
  };
}

const number = (x: number): string => (Math.abs(x) >= 100 ? x.toFixed(0) : x.toPrecision(3));

const targetText = ({ target }: Row): string =>
  target
    ? `${target.of === "ratio" ? "ratio " : ""}${target.at === "least" ? ">=" : "<="} ${number(target.limit)}`
    : "";

const verdict = ({ target, pass }: Row): string =>
  pass === undefined ? (target ? "no peer" : "") : pass ? "pass" : "MISS";

const columns: readonly { readonly title: string; readonly isNumber: boolean; readonly cell: (row: Row) => string }[] =
  [
    { title: "work", isNumber: false, cell: (row) => row.work },
    { title: "way", isNumber: false, cell: (row) => row.way },
    { title: "value", isNumber: true, cell: (row) => number(row.value) },
    { title: "unit", isNumber: false, cell: (row) => row.unit },
    { title: "peer", isNumber: true, cell: (row) => (row.peer === undefined ? "" : number(row.peer)) },
    { title: "ratio", isNumber: true, cell: (row) => (row.ratio === undefined ? "" : number(row.ratio)) },
    { title: "target", isNumber: false, cell: targetText },
    { title: "", isNumber: false, cell: verdict },
    { title: "", isNumber: false, cell: (row) => row.note ?? "" },
  ];

/** Lines of the table; columns without a cell are left out. */
export function tableOf(rows: readonly Row[]): string[] {
  const cells = rows.map((row) => columns.map(({ cell }) => cell(row)));
  const shown = columns.map((_, c) => cells.some((line) => line[c] !== ""));
  const lines = [columns.map(({ title }) => title), ...cells];
  const widths = columns.map((_, c) => Math.max(...lines.map((line) => line[c]!.length)));
  return lines.map((line) =>
    line
      .flatMap((cell, c) => {
        if (!shown[c]) return [];
        return [columns[c]!.isNumber ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!)];
      })
      .join("  ")
      .trimEnd(),
  );
}
