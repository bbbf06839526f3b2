/**
 * Matrix products by blocks.
 *
 *     for jc: NC columns of c
 *       for pc: KC steps of k                pack b: KC x NC, panels of one tile's columns
 *         for ic: MC rows of c               pack a: MC x KC, panels of 4 rows
 *           for each panel of b, each of a   tile
 *
 * KC is fixed, so that the sum of an element does not depend on how the rest is cut.
 * Source: Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication (2008).
 */
import type { Callee, FunctionBuilder, Local, ModuleBuilder } from "../../assembler.ts";
import { add, div, eq, eqz, ge, gt, load, lt, mul, ne, or, select, shl, sub } from "../../instructions.ts";
import { type Expr, i32, laneBytes, type Scalar } from "../../lanes.ts";
import type { EachPiece, Kernel } from "../kernel.ts";
import { jobOf, min, ofWorker, tileBytes } from "./blocks.ts";
import { packColumns, packPair, packRows } from "./pack.ts";
import { addPackingTile, addTile, stepOfB, tileColumns, tileRows } from "./tile.ts";

/** Steps of k in one block. */
export const kc = 256;
/** Bytes of the packed block of b: KC x NC elements. */
const packedBytes = 512 * 1024;

/** Bytes of it that a b of k rows and n columns needs. */
export const packedBytesFor = (n: number, k: number, type: Scalar): number =>
  wholeBytesFor(Math.min(n, packedBytes / kc / laneBytes(type)), Math.min(k, kc), type);

/** Bytes of all blocks of b. */
export const wholeBytesFor = (n: number, k: number, type: Scalar): number =>
  Math.ceil(n / tileColumns(type)) * stepOfB * k;

const job = jobOf([
  ...(["a", "aRow", "aCol", "b", "bRow", "bCol", "c", "cRow"] as const),
  ...(["rows", "columns", "steps", "from", "fromRow", "packed", "areas", "areaBytes"] as const),
  ...(["perPiece", "perColumns", "unpacked", "packs", "ownBytes", "marks", "serial"] as const),
]);

const params = [
  ...["a", "aRow", "aCol", "b", "bRow", "bCol", "c", "from", "fromRow", "batch", "aNext", "bNext", "cNext", "fromNext"],
  ...["m", "n", "k", "jobAt", "packed", "areas", "areaBytes", "perPiece", "perColumns"],
  ...["ownBytes", "marks", "kept", "isShared"],
];

/** Panels of b that one piece packs. */
const panelsPerPiece = 8;

/** Columns of c that pieces of columns have, or some times as many; and the most that are computed at once. */
export const columnUnit = (type: Scalar): number => panelsPerPiece * tileColumns(type);
export const blockColumns = (type: Scalar): number => packedBytes / kc / laneBytes(type);

/** The count of blocks that threads packed for themselves, then for each thread the last one that it did: a line of the cache for each. */
export const markBytes = 64;

const kernels = new Map<Scalar, Kernel>();

/**
 * c[i] = from[i] + a[i] b[i] for i < batch; `from` 0: nothing to add to. Strides in bytes: element (i, p) of a lies i * aRow + p * aCol after
 * it, of which one is the element's size; b likewise; c is dense in rows of n. k >= 1. `jobAt`, `packed` and `areas` (`areaBytes` a thread) are
 * memory to work in; a piece has `perPiece` rows of c, or, where one piece would have all of them, `perColumns` columns (0: all), and packs what it
 * reads of b. `ownBytes` other than 0: each thread packs b for itself, into so many bytes of `packed`,
 * rather than wait for the others and fetch what they packed; `marks` is memory that nothing else writes. `kept` other than 0: all of b is packed
 * side by side in `packed`, and stays there: it is packed where the int32 at `kept` is 0, which is 1 afterwards.
 */
export function matmul(type: Scalar): Kernel {
  const known = kernels.get(type);
  if (known) return known;
  const size = laneBytes(type) as 4 | 8;
  const made: Kernel = {
    name: `matmul_${type}`,
    params: new Array<"i32">(params.length).fill("i32"),
    result: null,
    isFused: true,
    uses: [packRows(size), packColumns(size, (tileRows * size) as 16 | 32), packColumns(size, stepOfB), packPair],
    pieces: ["pack_b", "rows_of_c"],
    build: (m, uses, each) => build(m, type, uses, each),
  };
  kernels.set(type, made);
  return made;
}

function build(m: ModuleBuilder, type: Scalar, uses: readonly Callee[], each: EachPiece): void {
  const [rowsOf, columnsOfA, columnsOfB, pairOf] = uses;
  const tileOf = addTile(m, type);
  const packingTileOf = addPackingTile(m, type);
  const size = laneBytes(type);
  const width = tileColumns(type);
  const nc = packedBytes / kc / size;

  const piece = (name: string, body: (f: FunctionBuilder, at: Local, index: Local, worker: Local) => void) =>
    m.function(name, ["i32", "i32", "i32"], null, (f, at, index, worker) => body(f, at!, index!, worker!), {
      export: true,
    });

  /** pack_panels(job, index, packed): some panels of the block of b. */
  const packPanels = m.function("pack_panels", ["i32", "i32", "i32"], null, (f, ...params) => {
    const [at, index, packed] = params as [Local, Local, Local];
    const [b, bRow, bCol, steps] = (["b", "bRow", "bCol", "steps"] as const).map((field) => job.get(f, at, field)) as [
      Local,
      Local,
      Local,
      Local,
    ];
    const start = f.let(mul(index, panelsPerPiece * width));
    const columns = min(f, panelsPerPiece * width, sub(job.get(f, at, "columns"), start));
    f.set(b, add(b, mul(start, bCol)));
    f.set(packed, add(packed, mul(mul(index, panelsPerPiece), mul(steps, stepOfB))));
    const panelBytes = f.let(mul(steps, stepOfB));
    f.if(eq(bCol, size), () =>
      f.while(ge(columns, 2 * width), () => {
        f.call(pairOf!, packed, add(packed, panelBytes), b, bRow, steps);
        f.set(packed, add(packed, shl(panelBytes, 1)));
        f.set(b, add(b, 2 * stepOfB));
        f.set(columns, sub(columns, 2 * width));
      }),
    );
    f.while(gt(columns, 0), () => {
      const here = min(f, columns, width);
      f.if(
        eq(bCol, size),
        () => f.call(columnsOfB!, packed, b, bRow, here, steps),
        () => {
          for (let q = 0; q < width; q += 4) {
            const row = (r: number) => add(b, mul(bCol, select(lt(i32(q + r), here), q + r, 0)));
            f.call(rowsOf!, add(packed, q * size), stepOfB, row(0), row(1), row(2), row(3), steps);
          }
        },
      );
      f.set(packed, add(packed, panelBytes));
      f.set(b, add(b, mul(bCol, width)));
      f.set(columns, sub(columns, width));
    });
  });

  const packB = piece("pack_b", (f, at, index) => f.call(packPanels, at, index, job.get(f, at, "packed")));

  /**
   * Whether the block of b in memory of the thread's own is to be packed, by the thread's first piece. Panels of rows that lie in one piece are
   * packed by the first tile that reads them.
   */
  const isFresh = (f: FunctionBuilder, at: Local, worker: Local, packed: Local): Local => {
    const fresh = f.local("i32", 0);
    f.if(job.get(f, at, "ownBytes"), () => {
      const mark = f.let(add(job.get(f, at, "marks"), mul(add(worker, 1), markBytes)));
      const serial = job.get(f, at, "serial");
      f.set(packed, add(packed, mul(worker, job.get(f, at, "ownBytes"))));
      f.if(ne(load("i32", mark), serial), () => {
        f.store("i32", mark, serial);
        f.if(
          eq(job.get(f, at, "bCol"), size),
          () => f.set(fresh, 1),
          () => {
            const index = f.local("i32");
            f.for(index, { from: 0, to: job.get(f, at, "packs") }, () => f.call(packPanels, at, index, packed));
          },
        );
      });
    });
    return fresh;
  };

  interface Columns {
    readonly at: Local;
    readonly fresh: Local;
    readonly packed: Local;
    readonly from: Local;
    readonly to: Local;
  }

  /** What a piece of columns reads of b is packed: by its tiles, or at once. */
  const packColumnsOf = (f: FunctionBuilder, { at, fresh, packed, from, to }: Columns) =>
    f.if(
      eq(job.get(f, at, "bCol"), size),
      () => f.set(fresh, 1),
      () => {
        const unit = panelsPerPiece * width;
        const index = f.let(div(from, i32(unit)));
        f.while(lt(mul(index, unit), to), () => {
          f.call(packPanels, at, index, packed);
          f.set(index, add(index, 1));
        });
      },
    );

  /** Some rows of c, or some columns. */
  const rowsOfC = piece("rows_of_c", (f, at, index, worker) => {
    const [aRow, aCol, cRow, fromRow, steps, from, packed, columns] = (
      ["aRow", "aCol", "cRow", "fromRow", "steps", "from", "packed", "columns"] as const
    ).map((field) => job.get(f, at, field)) as [Local, Local, Local, Local, Local, Local, Local, Local];
    const perPiece = job.get(f, at, "perPiece");
    const perColumns = job.get(f, at, "perColumns");
    const start = f.let(select(perColumns, 0, mul(index, perPiece)));
    const rows = min(f, perPiece, sub(job.get(f, at, "rows"), start));
    const a = f.let(add(job.get(f, at, "a"), mul(start, aRow)));
    const c = f.let(add(job.get(f, at, "c"), mul(start, cRow)));
    const fresh = isFresh(f, at, worker, packed);
    const [b, bRow] = [job.get(f, at, "b"), job.get(f, at, "bRow")];
    const j = f.local("i32", 0);
    f.if(perColumns, () => {
      f.set(j, mul(index, perColumns));
      f.set(columns, min(f, columns, add(j, perColumns)));
      f.if(job.get(f, at, "unpacked"), () => packColumnsOf(f, { at, fresh, packed, from: j, to: columns }));
      f.set(packed, add(packed, mul(mul(div(j, i32(width)), steps), stepOfB)));
      f.set(b, add(b, mul(j, size)));
    });
    const isAdded = f.let(ne(from, 0));
    f.set(from, add(from, mul(start, fromRow)));
    const area = ofWorker(f, job.get(f, at, "areas"), worker, job.get(f, at, "areaBytes"));
    const packedA = f.let(add(area, tileBytes));
    const panelA = f.let(mul(steps, tileRows * size));
    const panelB = f.let(mul(steps, stepOfB));
    const i = f.local("i32");
    const to = f.let(packedA);
    f.for(i, { from: 0, to: rows, step: tileRows }, () => {
      const here = min(f, tileRows, sub(rows, i));
      f.if(
        eq(aRow, size),
        () => f.call(columnsOfA!, to, a, aCol, here, steps),
        () => {
          const row = (r: number) => add(a, mul(aRow, select(lt(i32(r), here), r, 0)));
          f.call(rowsOf!, to, tileRows * size, row(0), row(1), row(2), row(3), steps);
        },
      );
      f.set(to, add(to, panelA));
      f.set(a, add(a, mul(aRow, tileRows)));
    });
    f.while(lt(j, columns), () => {
      const wide = min(f, width, sub(columns, j));
      const left = f.let(rows);
      const cTile = f.let(add(c, mul(j, size)));
      const fromTile = f.let(select(isAdded, add(from, mul(j, size)), 0));
      f.set(to, packedA);
      f.if(fresh, () =>
        f.if(
          eq(wide, width),
          () => {
            f.call(packingTileOf, to, packed, steps, cTile, cRow, fromTile, fromRow, rows, wide, area, b, bRow);
            f.set(to, add(to, panelA));
            f.set(cTile, add(cTile, mul(cRow, tileRows)));
            f.set(fromTile, select(isAdded, add(fromTile, mul(fromRow, tileRows)), 0));
            f.set(left, sub(left, tileRows));
            f.set(b, add(b, stepOfB));
          },
          () => f.call(columnsOfB!, packed, b, bRow, wide, steps),
        ),
      );
      f.if(gt(left, 0), () => f.call(tileOf, to, packed, steps, cTile, cRow, fromTile, fromRow, left, wide, area));
      f.set(packed, add(packed, panelB));
      f.set(j, add(j, width));
    });
  });

  m.function(
    `matmul_${type}`,
    new Array<"i32">(params.length).fill("i32"),
    null,
    (f, ...args) => {
      const [
        a,
        aRow,
        aCol,
        b,
        bRow,
        bCol,
        c,
        from,
        fromRow,
        batch,
        aNext,
        bNext,
        cNext,
        fromNext,
        rows,
        n,
        k,
        jobAt,
        packed,
        areas,
        areaBytes,
        perPiece,
        perColumns,
        ownBytes,
        marks,
        kept,
        isShared,
      ] = args as Local[];
      const put = (field: Parameters<typeof job.get>[2], value: Expr) => job.put(f, jobAt!, field, value);
      const cRow = f.let(mul(n!, size));
      const pieces = f.let(div(sub(add(rows!, perPiece!), 1), perPiece!));
      const [jc, pc] = [f.local("i32"), f.local("i32")];
      const isPacked = f.let(kept!);
      f.if(kept!, () => f.set(isPacked, load("i32", kept!)));
      put("aRow", aRow!);
      put("aCol", aCol!);
      put("bRow", bRow!);
      put("bCol", bCol!);
      put("cRow", cRow);
      put("rows", rows!);
      put("packed", packed!);
      put("areas", areas!);
      put("areaBytes", areaBytes!);
      put("perPiece", perPiece!);
      put("perColumns", perColumns!);
      put("ownBytes", ownBytes!);
      put("marks", marks!);
      f.while(gt(batch!, 0), () => {
        f.for(jc, { from: 0, to: n!, step: nc }, () => {
          const columns = min(f, nc, sub(n!, jc));
          const panels = panelsPerPiece * width;
          const packs = f.let(div(add(columns, panels - 1), i32(panels)));
          const inPanels = f.let(mul(div(add(columns, width - 1), i32(width)), width));
          put("columns", columns);
          put("packs", packs);
          put("c", add(c!, mul(jc, size)));
          f.for(pc, { from: 0, to: k!, step: kc }, () => {
            put("steps", min(f, kc, sub(k!, pc)));
            f.if(
              pc,
              () => {
                put("from", add(c!, mul(jc, size)));
                put("fromRow", cRow);
              },
              () => {
                put("from", select(from!, add(from!, mul(jc, size)), 0));
                put("fromRow", fromRow!);
              },
            );
            put("a", add(a!, mul(pc, aCol!)));
            put("b", add(add(b!, mul(pc, bRow!)), mul(jc, bCol!)));
            f.if(kept!, () => {
              const before = add(mul(k!, jc), mul(pc, inPanels));
              put("packed", add(packed!, mul(before, stepOfB / width)));
            });
            put("unpacked", eqz(isPacked));
            f.unless(or(isPacked, perColumns!), () =>
              f.if(
                ownBytes!,
                () => {
                  const serial = f.let(add(load("i32", marks!), 1));
                  f.store("i32", marks!, serial);
                  put("serial", serial);
                },
                () => each(f, packB, { job: jobAt!, count: packs, isShared: isShared! }),
              ),
            );
            f.if(perColumns!, () => f.set(pieces, div(sub(add(columns, perColumns!), 1), perColumns!)));
            each(f, rowsOfC, { job: jobAt!, count: pieces, isShared: isShared! });
          });
        });
        f.set(a!, add(a!, aNext!));
        f.set(b!, add(b!, bNext!));
        f.set(c!, add(c!, cNext!));
        f.if(from!, () => f.set(from!, add(from!, fromNext!)));
        f.set(batch!, sub(batch!, 1));
      });
      f.if(kept!, () => f.store("i32", kept!, 1));
    },
    { export: true },
  );
}
