/**
 * Convolution without an unfolded image: out[p] = sum over taps t and channels c of image[pixel p + tap t, c] filter[t, c].
 *
 * Where pixels and taps lie is said by tables of byte offsets, so strides, dilations and up to 3 dimensions are the same code. Taps whose
 * channels lie side by side form one segment: a run of elements that is contiguous in the image. Padding is a copy of the image into a
 * frame of zeros; the zeros between the rows of a gradient (stride > 1) too.
 *
 *     for each image: frame
 *       for blocks of segments (the steps of k)
 *         for blocks of pixels: pack 4 pixels at a time, tiles
 */
import type { Callee, FunctionBuilder, Local, ModuleBuilder } from "../../assembler.ts";
import { add, copyBytes, eq, gt, load, lt, mul, select, sub } from "../../instructions.ts";
import { i32, laneBytes, type Scalar } from "../../lanes.ts";
import type { EachPiece, Kernel } from "../kernel.ts";
import { blockRows, jobOf, min, ofWorker, tileBytes } from "./blocks.ts";
import { packColumns, packRows } from "./pack.ts";
import { addTile, stepOfB, tileColumns, tileRows } from "./tile.ts";

/**
 * What `correlate` takes, in this order. Places in bytes and counts in elements.
 *     frame          0: the image is read where it lies; otherwise one frame a thread, `frameBytes` each
 *     rowTable       places in the frame of `rowCount` pieces of `rowBytes`, which follow each other in the image
 *     pixelTable     places of the output's pixels
 *     segmentTable   places of segments of `segment` elements; `perBlock` of them are one pass over the pixels
 *     areas          memory of the threads, `areaBytes` each
 */
const fields = [
  ...["image", "imageNext", "frame", "rowTable", "rowCount", "rowBytes"],
  ...["pixelTable", "pixels", "segmentTable", "segments", "segment", "perBlock"],
  ...["packed", "columns", "out", "outNext", "batch", "areas", "areaBytes", "frameBytes"],
] as const;

const job = jobOf(fields);

const cache = new Map<string, Kernel>();
function cached(name: string, make: () => Kernel): Kernel {
  const known = cache.get(name);
  if (known) return known;
  const made = make();
  cache.set(name, made);
  return made;
}

/** frame_rows(frame, table, rows, count, rowBytes): puts pieces that follow each other at the offsets of a table. */
export const frameRows: Kernel = {
  name: "frame_rows",
  params: new Array<"i32">(5).fill("i32"),
  result: null,
  build(m) {
    m.function(
      "frame_rows",
      new Array<"i32">(5).fill("i32"),
      null,
      (f, frame, table, rows, count, rowBytes) => {
        const p = f.local("i32");
        f.while(count!, () => {
          const to = f.let(add(frame!, load("i32", table!)));
          // memory.copy is a call; few bytes are moved faster in words
          f.if(
            gt(rowBytes!, 64),
            () => f.do(copyBytes(to, rows!, rowBytes!)),
            () =>
              f.for(p, { from: 0, to: rowBytes!, step: 4 }, () =>
                f.store("i32", add(to, p), load("i32", add(rows!, p))),
              ),
          );
          f.set(rows!, add(rows!, rowBytes!));
          f.set(table!, add(table!, 4));
          f.set(count!, sub(count!, 1));
        });
      },
      { export: true },
    );
  },
};

/** correlate(…the fields…, jobAt, isShared): a piece is an image. */
export const correlate = (type: Scalar): Kernel =>
  cached(`correlate_${type}`, () => ({
    name: `correlate_${type}`,
    params: new Array<"i32">(fields.length + 2).fill("i32"),
    result: null,
    isFused: true,
    uses: [packRows(laneBytes(type) as 4 | 8), frameRows],
    pieces: ["image"],
    build: (m, uses, each) => buildCorrelate(m, type, uses, each),
  }));

function buildCorrelate(m: ModuleBuilder, type: Scalar, uses: readonly Callee[], each: EachPiece): void {
  const [rowsOf, framesOf] = uses;
  const tileOf = addTile(m, type);
  const size = laneBytes(type);
  const width = tileColumns(type);

  const piece = (f: FunctionBuilder, at: Local, index: Local, worker: Local) => {
    const get = (field: (typeof fields)[number]) => job.get(f, at, field);
    const area = ofWorker(f, get("areas"), worker, get("areaBytes"));
    const [pixelTable, pixels, segmentTable, segments] = [
      get("pixelTable"),
      get("pixels"),
      get("segmentTable"),
      get("segments"),
    ];
    const [segment, perBlock, packed, columns] = [get("segment"), get("perBlock"), get("packed"), get("columns")];
    const image = f.let(add(get("image"), mul(index, get("imageNext"))));
    const frame = get("frame");
    f.if(frame, () => {
      f.set(frame, add(frame, mul(worker, get("frameBytes"))));
      f.call(framesOf!, frame, get("rowTable"), image, get("rowCount"), get("rowBytes"));
      f.set(image, frame);
    });
    const out = f.let(add(get("out"), mul(index, get("outNext"))));
    const outRow = f.let(mul(columns, size));
    const packedA = f.let(add(area, tileBytes));
    const [s, p, q, r, j] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
    const [to, b] = [f.local("i32"), f.local("i32")];

    f.for(s, { from: 0, to: segments, step: perBlock }, () => {
      const here = min(f, perBlock, sub(segments, s));
      const steps = f.let(mul(here, segment));
      const first = f.let(eq(s, 0));
      const table = f.let(add(segmentTable, mul(s, 4)));
      f.for(p, { from: 0, to: pixels, step: blockRows }, () => {
        const rows = min(f, blockRows, sub(pixels, p));
        f.set(to, packedA);
        f.for(q, { from: 0, to: rows, step: tileRows }, () => {
          const pixel = f.let(add(pixelTable, mul(add(p, q), 4)));
          const left = f.let(sub(rows, q));
          const places = [0, 1, 2, 3].map((n) =>
            f.let(add(image, load("i32", select(lt(i32(n), left), add(pixel, 4 * n), pixel)))),
          );
          f.for(r, { from: 0, to: here }, () => {
            const offset = f.let(load("i32", add(table, mul(r, 4))));
            const [s0, s1, s2, s3] = places.map((place) => add(place, offset));
            f.call(rowsOf!, to, tileRows * size, s0!, s1!, s2!, s3!, segment);
            f.set(to, add(to, mul(segment, tileRows * size)));
          });
        });
        f.set(b, packed);
        f.for(j, { from: 0, to: columns, step: width }, () => {
          const wide = min(f, width, sub(columns, j));
          const c = f.let(add(add(out, mul(p, outRow)), mul(j, size)));
          f.call(tileOf, packedA, b, steps, c, outRow, select(first, 0, c), outRow, rows, wide, area);
          f.set(b, add(b, mul(steps, stepOfB)));
        });
      });
      f.set(packed, b);
    });
  };
  const image = m.function(
    "image",
    ["i32", "i32", "i32"],
    null,
    (f, at, index, worker) => piece(f, at!, index!, worker!),
    { export: true },
  );

  m.function(
    `correlate_${type}`,
    new Array<"i32">(fields.length + 2).fill("i32"),
    null,
    (f, ...args) => {
      const [jobAt, isShared] = args.slice(fields.length) as [Local, Local];
      fields.forEach((field, k) => {
        job.put(f, jobAt, field, args[k]!);
      });
      each(f, image, { job: jobAt, count: args[fields.indexOf("batch")]!, isShared });
    },
    { export: true },
  );
}

/**
 * pack_filter(filter, packed, steps, columns, block): filter [steps, columns] as panels of a tile's columns, `block` steps after
 * `block` steps.
 */
export const packFilter = (type: Scalar): Kernel =>
  cached(`pack_filter_${type}`, () => ({
    name: `pack_filter_${type}`,
    params: new Array<"i32">(5).fill("i32"),
    result: null,
    uses: [packColumns(laneBytes(type) as 4 | 8, stepOfB)],
    build(m, [columnsOf]) {
      const size = laneBytes(type);
      m.function(
        `pack_filter_${type}`,
        new Array<"i32">(5).fill("i32"),
        null,
        (f, filter, packed, steps, columns, block) => {
          const [s, j] = [f.local("i32"), f.local("i32")];
          const row = f.let(mul(columns!, size));
          f.for(s, { from: 0, to: steps!, step: block! }, () => {
            const here = min(f, block!, sub(steps!, s));
            f.for(j, { from: 0, to: columns!, step: tileColumns(type) }, () => {
              const wide = min(f, tileColumns(type), sub(columns!, j));
              const from = add(add(filter!, mul(s, row)), mul(j, size));
              f.call(columnsOf!, packed!, from, row, wide, here);
              f.set(packed!, add(packed!, mul(here, stepOfB)));
            });
          });
        },
        { export: true },
      );
    },
  }));

/**
 * pack_turned(filter, packed, tapTable, taps, columns, inner, block): filter [all taps, columns, inner] for the gradient of the input: the
 * taps of a table in its order, steps (tap, inner), panels of columns; `block` taps after `block` taps.
 */
export const packTurned = (type: Scalar): Kernel =>
  cached(`pack_turned_${type}`, () => ({
    name: `pack_turned_${type}`,
    params: new Array<"i32">(7).fill("i32"),
    result: null,
    uses: [packRows(laneBytes(type) as 4 | 8)],
    build(m, [rowsOf]) {
      const size = laneBytes(type);
      const width = tileColumns(type);
      m.function(
        `pack_turned_${type}`,
        new Array<"i32">(7).fill("i32"),
        null,
        (f, filter, packed, tapTable, taps, columns, inner, block) => {
          const [s, t, j] = [f.local("i32"), f.local("i32"), f.local("i32")];
          const row = f.let(mul(inner!, size));
          f.for(s, { from: 0, to: taps!, step: block! }, () => {
            const end = min(f, taps!, add(s, block!));
            f.for(j, { from: 0, to: columns!, step: width }, () => {
              const left = f.let(sub(columns!, j));
              f.for(t, { from: s, to: end }, () => {
                const tap = load("i32", add(tapTable!, mul(t, 4)));
                const from = f.let(add(filter!, mul(add(mul(tap, columns!), j), row)));
                for (let q = 0; q < width; q += 4) {
                  const place = (n: number) => add(from, mul(row, select(lt(i32(q + n), left), q + n, 0)));
                  f.call(rowsOf!, add(packed!, q * size), stepOfB, place(0), place(1), place(2), place(3), inner!);
                }
                f.set(packed!, add(packed!, mul(inner!, stepOfB)));
              });
            });
          });
        },
        { export: true },
      );
    },
  }));

/** place_pixels(out, outNext, table, rows, count, rowBytes, batch): for each image, pieces that follow each other to the places of a table. */
export const placePixels: Kernel = {
  name: "place_pixels",
  params: new Array<"i32">(7).fill("i32"),
  result: null,
  uses: [frameRows],
  build(m, [framesOf]) {
    m.function(
      "place_pixels",
      new Array<"i32">(7).fill("i32"),
      null,
      (f, out, outNext, table, rows, count, rowBytes, batch) => {
        f.while(batch!, () => {
          f.call(framesOf!, out!, table!, rows!, count!, rowBytes!);
          f.set(rows!, add(rows!, mul(count!, rowBytes!)));
          f.set(out!, add(out!, outNext!));
          f.set(batch!, sub(batch!, 1));
        });
      },
      { export: true },
    );
  },
};
