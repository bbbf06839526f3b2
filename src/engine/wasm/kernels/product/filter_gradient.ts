/**
 * Gradient of a convolution's filter: dw[t, c, o] = sum over images and pixels p of image[pixel p + tap t, c] dy[p, o].
 *
 * The images are cut into parts, each with a result of its own; these are added in order at the end. The number of parts follows from the
 * sizes, so the sum does not depend on who computes which part.
 *
 *     for each part, each of its images: frame (correlate.ts)
 *       for blocks of output rows (the steps of k): pack dy
 *         for groups of 4 rows (tap, channel) of dw: pack, tiles
 */
import type { Callee, FunctionBuilder, Local, ModuleBuilder } from "../../assembler.ts";
import { add, div, eq, load, lt, mul, rem, select, sub } from "../../instructions.ts";
import { i32, laneBytes, type Scalar, vectorOf } from "../../lanes.ts";
import type { EachPiece, Kernel } from "../kernel.ts";
import { jobOf, min, ofWorker, tileBytes } from "./blocks.ts";
import { frameRows } from "./correlate.ts";
import { packColumns, packGathered, packRows } from "./pack.ts";
import { addTile, stepOfB, tileColumns, tileRows } from "./tile.ts";

/**
 * What `filterGradient` takes, in this order.
 *     image … rowBytes   as for correlate.ts
 *     lineTable          places of the first pixel of each line of output pixels; `line` pixels, `step` bytes apart, are in each
 *     perBlock           lines in one block of steps
 *     tapTable           places of the taps
 *     packed             room for packed dy, one of `packedBytes` a thread
 *     results            the parts' results, one after the other; `perPart` images are in each
 */
const fields = [
  ...["image", "imageNext", "frame", "rowTable", "rowCount", "rowBytes"],
  ...["lineTable", "lines", "line", "step", "perBlock", "tapTable", "taps", "channels"],
  ...["dy", "dyNext", "packed", "columns", "parts", "perPart", "batch", "results"],
  ...["areas", "areaBytes", "frameBytes", "packedBytes"],
] as const;

const job = jobOf(fields);

const cache = new Map<Scalar, Kernel>();

/** filter_gradient(…the fields…, out, jobAt, isShared): a piece is a part. */
export function filterGradient(type: Scalar): Kernel {
  const known = cache.get(type);
  if (known) return known;
  const size = laneBytes(type) as 4 | 8;
  const packA = packColumns(size, (tileRows * size) as 16 | 32);
  const made: Kernel = {
    name: `filter_gradient_${type}`,
    params: new Array<"i32">(fields.length + 3).fill("i32"),
    result: null,
    isFused: true,
    uses: [packA, packColumns(size, stepOfB), packRows(size), packGathered(size), frameRows],
    pieces: ["part"],
    build: (m, uses, each) => build(m, type, uses, each),
  };
  cache.set(type, made);
  return made;
}

function build(m: ModuleBuilder, type: Scalar, uses: readonly Callee[], each: EachPiece): void {
  const [columnsOfA, columnsOfB, rowsOf, gatheredOf, framesOf] = uses;
  const tileOf = addTile(m, type);
  const size = laneBytes(type);
  const width = tileColumns(type);
  const vector = vectorOf(type);

  const piece = (f: FunctionBuilder, at: Local, index: Local, worker: Local) => {
    const get = (field: (typeof fields)[number]) => job.get(f, at, field);
    const area = ofWorker(f, get("areas"), worker, get("areaBytes"));
    const [lineTable, lines, line, step, perBlock] = [
      get("lineTable"),
      get("lines"),
      get("line"),
      get("step"),
      get("perBlock"),
    ];
    const [tapTable, taps, channels, columns] = [get("tapTable"), get("taps"), get("channels"), get("columns")];
    const packed = ofWorker(f, get("packed"), worker, get("packedBytes"));
    const count = f.let(mul(taps, channels));
    const outRow = f.let(mul(columns, size));
    const result = f.let(add(get("results"), mul(index, mul(count, outRow))));
    const packedA = f.let(add(area, tileBytes));
    const [n, l, r, j, i] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    const [to, b] = [f.local("i32"), f.local("i32")];
    const start = f.let(mul(index, get("perPart")));
    const end = min(f, get("batch"), add(start, get("perPart")));
    const isAligned = f.let(eq(rem(channels, tileRows), 0));
    const isUnit = f.let(eq(step, size));

    f.for(n, { from: start, to: end }, () => {
      const image = f.let(add(get("image"), mul(n, get("imageNext"))));
      const frame = get("frame");
      f.if(frame, () => {
        f.set(frame, add(frame, mul(worker, get("frameBytes"))));
        f.call(framesOf!, frame, get("rowTable"), image, get("rowCount"), get("rowBytes"));
        f.set(image, frame);
      });
      const dy = f.let(add(get("dy"), mul(n, get("dyNext"))));
      f.for(l, { from: 0, to: lines, step: perBlock }, () => {
        const here = min(f, perBlock, sub(lines, l));
        const steps = f.let(mul(here, line));
        const first = f.let(select(eq(n, start), eq(l, 0), 0));
        f.set(b, packed);
        f.for(j, { from: 0, to: columns, step: width }, () => {
          const from = add(add(dy, mul(mul(l, line), outRow)), mul(j, size));
          f.call(columnsOfB!, b, from, outRow, min(f, width, sub(columns, j)), steps);
          f.set(b, add(b, mul(steps, stepOfB)));
        });

        const place = (row: Local) =>
          add(add(image, load("i32", add(tapTable, mul(div(row, channels), 4)))), mul(rem(row, channels), size));
        f.for(r, { from: 0, to: count, step: tileRows }, () => {
          const high = min(f, tileRows, sub(count, r));
          const places = [0, 1, 2, 3].map((q) => {
            const row = f.let(add(r, select(lt(i32(q), high), q, 0)));
            return f.let(place(row));
          });
          f.set(to, packedA);
          f.for(i, { from: l, to: add(l, here) }, () => {
            const offset = f.let(load("i32", add(lineTable, mul(i, 4))));
            const [s0, s1, s2, s3] = places.map((s) => add(s, offset)) as [never, never, never, never];
            f.if(
              isAligned,
              () => f.call(columnsOfA!, to, s0, step, tileRows, line),
              () =>
                f.if(
                  isUnit,
                  () => f.call(rowsOf!, to, tileRows * size, s0, s1, s2, s3, line),
                  () => f.call(gatheredOf!, to, s0, s1, s2, s3, step, line),
                ),
            );
            f.set(to, add(to, mul(line, tileRows * size)));
          });
          f.set(b, packed);
          const c = f.let(add(result, mul(r, outRow)));
          f.for(j, { from: 0, to: columns, step: width }, () => {
            const wide = min(f, width, sub(columns, j));
            f.call(tileOf, packedA, b, steps, c, outRow, select(first, 0, c), outRow, high, wide, area);
            f.set(b, add(b, mul(steps, stepOfB)));
            f.set(c, add(c, width * size));
          });
        });
      });
    });
  };
  const part = m.function(
    "part",
    ["i32", "i32", "i32"],
    null,
    (f, at, index, worker) => piece(f, at!, index!, worker!),
    { export: true },
  );

  m.function(
    `filter_gradient_${type}`,
    new Array<"i32">(fields.length + 3).fill("i32"),
    null,
    (f, ...args) => {
      const [out, jobAt, isShared] = args.slice(fields.length) as [Local, Local, Local];
      const arg = (field: (typeof fields)[number]) => args[fields.indexOf(field)]!;
      fields.forEach((field, k) => {
        job.put(f, jobAt, field, args[k]!);
      });
      each(f, part, { job: jobAt, count: arg("parts"), isShared });

      const bytes = f.let(mul(mul(arg("taps"), arg("channels")), mul(arg("columns"), size)));
      const [p, index] = [f.local("i32"), f.local("i32")];
      f.for(index, { from: 1, to: arg("parts") }, () => {
        const next = f.let(add(arg("results"), mul(index, bytes)));
        const before = f.let(select(eq(index, 1), arg("results"), out));
        const sum = (kind: Scalar | typeof vector) =>
          f.store(kind, add(out, p), add(load(kind, add(before, p)), load(kind, add(next, p))));
        f.set(p, 0);
        f.while(lt(add(p, 15), bytes), () => {
          sum(vector);
          f.set(p, add(p, 16));
        });
        f.while(lt(p, bytes), () => {
          sum(type);
          f.set(p, add(p, size));
        });
      });
    },
    { export: true },
  );
}
