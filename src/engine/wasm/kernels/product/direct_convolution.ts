/**
 * Convolutions of groups of channels, element by element over the same tables as correlate.ts. Where each group is one channel in and
 * one out (depthwise), neighbouring channels are computed as vectors.
 */
import type { FunctionBuilder, Local, ModuleBuilder } from "../../assembler.ts";
import { add, and, div, eq, ge, load, mul, sub } from "../../instructions.ts";
import { constant, type Expr, laneBytes, type Scalar, type Vector, vectorOf } from "../../lanes.ts";
import type { Kernel } from "../kernel.ts";
import { frameRows } from "./correlate.ts";

const names = [
  ...["image", "imageBytes", "frame", "rowTable", "rowCount", "rowBytes", "with", "out"],
  ...["pixelTable", "pixels", "tapTable", "taps", "inChannels", "outChannels", "groups", "batch"],
] as const;
const params = new Array<"i32">(names.length).fill("i32");

type Arguments = Record<(typeof names)[number], Local>;

const kernels = new Map<string, Kernel>();

function kernel(name: string, type: Scalar, body: (g: Direct) => void): Kernel {
  const known = kernels.get(name);
  if (known) return known;
  const made: Kernel = {
    name,
    params,
    result: null,
    uses: [frameRows],
    build(m: ModuleBuilder, [framesOf]) {
      m.function(
        name,
        params,
        null,
        (f, ...args) => {
          const a = Object.fromEntries(names.map((n, k) => [n, args[k]!])) as Arguments;
          body(
            new Direct(f, a, type, (image) => {
              const place = f.let(image);
              f.if(a.frame, () => {
                f.call(framesOf!, a.frame, a.rowTable, place, a.rowCount, a.rowBytes);
                f.set(place, a.frame);
              });
              return place;
            }),
          );
        },
        { export: true },
      );
    },
  };
  kernels.set(name, made);
  return made;
}

/** The loops that the kernels share. */
class Direct {
  readonly f: FunctionBuilder;
  readonly a: Arguments;
  readonly type: Scalar;
  readonly size: number;
  readonly vector: Vector;
  private readonly framed: (image: Expr) => Local;

  constructor(f: FunctionBuilder, a: Arguments, type: Scalar, framed: (image: Expr) => Local) {
    this.f = f;
    this.a = a;
    this.type = type;
    this.size = laneBytes(type);
    this.vector = vectorOf(type);
    this.framed = framed;
  }

  /** Calls the body with the place of each image. */
  images(body: (image: Local) => void): void {
    const { f, a } = this;
    f.while(a.batch, () => {
      body(this.framed(a.image));
      f.set(a.image, add(a.image, a.imageBytes));
      f.set(a.batch, sub(a.batch, 1));
    });
  }

  each(count: Expr, body: (i: Local) => void): void {
    const i = this.f.local("i32");
    this.f.for(i, { from: 0, to: count }, () => body(i));
  }

  entry(table: Local, i: Expr): Expr {
    return load("i32", add(table, mul(i, 4)));
  }

  /** Channels 0 … count as vectors, then one by one; the body gets the type and the bytes before the channel. */
  channels(count: Expr, body: (kind: Scalar | Vector, offset: Local) => void): void {
    const { f, size } = this;
    const offset = f.local("i32", 0);
    const bytes = f.let(mul(count, size));
    f.while(ge(sub(bytes, offset), 16), () => {
      body(this.vector, offset);
      f.set(offset, add(offset, 16));
    });
    f.while(ge(sub(bytes, offset), size), () => {
      body(this.type, offset);
      f.set(offset, add(offset, size));
    });
  }

  /** Whether every group is one channel on both sides. */
  get isDepthwise(): Expr {
    const { groups, inChannels, outChannels } = this.a;
    return and(eq(groups, inChannels), eq(groups, outChannels));
  }
}

/**
 * Forward: out[p, o] = sum of image[p + tap, c] with[tap, c in group, o]. Turned (the gradient of the input, image = dy):
 * out[p, c] = sum of image[p + tap, o] with[tap, c in group, o]; the table has the taps in reverse order.
 */
export const directConvolution = (type: Scalar, isTurned: boolean): Kernel =>
  kernel(`direct_${isTurned ? "input_gradient" : "forward"}_${type}`, type, (g) => {
    const { f, a, size } = g;
    const [from, to] = isTurned ? [a.outChannels, a.inChannels] : [a.inChannels, a.outChannels];
    const fromEach = f.let(div(from, a.groups));
    const toEach = f.let(div(to, a.groups));
    const inEach = f.let(div(a.inChannels, a.groups));
    g.images((image) =>
      g.each(a.pixels, (p) => {
        const pixel = f.let(add(image, g.entry(a.pixelTable, p)));
        f.if(
          g.isDepthwise,
          () =>
            g.channels(to, (kind, offset) => {
              const sum = f.local(kind, constant(kind, 0));
              g.each(a.taps, (t) => {
                const x = load(kind, add(add(pixel, g.entry(a.tapTable, t)), offset));
                const w = load(kind, add(add(a.with, mul(mul(t, to), size)), offset));
                f.set(sum, add(sum, mul(x, w)));
              });
              f.store(kind, add(a.out, offset), sum);
            }),
          () =>
            g.each(to, (k) => {
              const group = f.let(div(k, toEach));
              const within = f.let(sub(k, mul(group, toEach)));
              const sum = f.local(type, constant(type, 0));
              g.each(a.taps, (t) => {
                const x = f.let(add(add(pixel, g.entry(a.tapTable, t)), mul(mul(group, fromEach), size)));
                g.each(fromEach, (c) => {
                  // filter [taps, channels in a group, outChannels]
                  const row = isTurned ? within : c;
                  const column = isTurned ? add(mul(group, fromEach), c) : k;
                  const w = add(mul(add(mul(t, inEach), row), a.outChannels), column);
                  const product = mul(load(type, add(x, mul(c, size))), load(type, add(a.with, mul(w, size))));
                  f.set(sum, add(sum, product));
                });
              });
              f.store(type, add(a.out, mul(k, size)), sum);
            }),
        );
        f.set(a.out, add(a.out, mul(to, size)));
      }),
    );
  });

/** out[tap, c in group, o] = sum over images and pixels of image[p + tap, c] with[p, o], image after image. */
export const directFilterGradient = (type: Scalar): Kernel =>
  kernel(`direct_filter_gradient_${type}`, type, (g) => {
    const { f, a, size } = g;
    const inEach = f.let(div(a.inChannels, a.groups));
    const outEach = f.let(div(a.outChannels, a.groups));
    const row = f.let(mul(a.outChannels, size));
    const isFirst = f.local("i32", 1);
    /** Adds to the result, or begins it. */
    const put = (kind: Scalar | Vector, to: Expr, sum: Expr) => {
      const place = f.let(to);
      f.if(
        isFirst,
        () => f.store(kind, place, sum),
        () => f.store(kind, place, add(load(kind, place), sum)),
      );
    };
    g.images((image) => {
      g.each(a.taps, (t) => {
        const tap = f.let(add(image, g.entry(a.tapTable, t)));
        const overPixels = (kind: Scalar | Vector, x: Expr, dy: Expr): Local => {
          const sum = f.local(kind, constant(kind, 0));
          const xs = f.let(x);
          const ys = f.let(dy);
          g.each(a.pixels, (p) => {
            f.set(sum, add(sum, mul(load(kind, add(xs, g.entry(a.pixelTable, p))), load(kind, ys))));
            f.set(ys, add(ys, row));
          });
          return sum;
        };
        f.if(
          g.isDepthwise,
          () =>
            g.channels(a.outChannels, (kind, offset) => {
              const sum = overPixels(kind, add(tap, offset), add(a.with, offset));
              put(kind, add(add(a.out, mul(t, row)), offset), sum);
            }),
          () =>
            g.each(inEach, (c) =>
              g.each(a.outChannels, (o) => {
                const channel = add(mul(div(o, outEach), inEach), c);
                const sum = overPixels(type, add(tap, mul(channel, size)), add(a.with, mul(o, size)));
                put(type, add(add(a.out, mul(add(mul(t, inEach), c), row)), mul(o, size)), sum);
              }),
            ),
        );
      });
      f.set(isFirst, 0);
      f.set(a.with, add(a.with, mul(row, a.pixels)));
    });
  });
