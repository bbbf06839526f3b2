/**
 * Resizing one axis: for each output position the inputs that it takes and their weights, in float32 as TensorFlow's kernels compute them.
 * Source: image_resizer_state.h, resize_bilinear_op.cc, resize_bicubic_op.cc, resize_area_op.cc, resize_nearest_neighbor_op.cc.
 */
const f = Math.fround;

export interface ResizeRules {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

/** `indices[k][i]` with weight `weights[k][i]`: what output i takes of the input, term by term. */
export interface AxisWeights {
  readonly indices: readonly (readonly number[])[];
  readonly weights: readonly Float32Array[];
}

/** How far apart neighbouring outputs lie in the input. */
export const resizeScale = (input: number, output: number, alignCorners: boolean): number =>
  alignCorners && output > 1 ? f(f(input - 1) / f(output - 1)) : f(f(input) / f(output));

const position = (i: number, scale: number, halfPixel: boolean): number =>
  halfPixel ? f(f(f(i + 0.5) * scale) - 0.5) : f(i * scale);

/** Two terms: the lower neighbour, and the upper one with the distance as its weight (weights[1]); weights[0] is unused. */
export function bilinearWeights(input: number, output: number, rules: ResizeRules): AxisWeights {
  const scale = resizeScale(input, output, rules.alignCorners);
  const lower: number[] = [];
  const upper: number[] = [];
  const distance = new Float32Array(output);
  for (let i = 0; i < output; i++) {
    const at = position(i, scale, rules.halfPixelCenters);
    const floor = Math.floor(at);
    const high = Math.min(Math.ceil(at), input - 1);
    lower.push(Math.min(Math.max(floor, 0), high));
    upper.push(high);
    distance[i] = f(at - floor);
  }
  return { indices: [lower, upper], weights: [distance.map((x) => f(1 - x)), distance] };
}

/** The nearest input of each output. */
export function nearestIndices(
  input: number,
  output: number,
  { alignCorners, halfPixelCenters }: ResizeRules,
): number[] {
  const scale = resizeScale(input, output, alignCorners);
  return Array.from({ length: output }, (_, i) => {
    const at = halfPixelCenters ? f(f(i + 0.5) * scale) : f(i * scale);
    const chosen = alignCorners ? Math.sign(at) * Math.floor(Math.abs(at) + 0.5) : Math.floor(at);
    return Math.max(0, Math.min(chosen, input - 1));
  });
}

const tableSize = 1024;

/** Cubic weights of four neighbours for 1024 distances: the two inner ones, then the two outer ones. */
function cubicTable(a: number): Float32Array {
  const table = new Float32Array((tableSize + 1) * 2);
  for (let i = 0; i <= tableSize; i++) {
    const x = f(i / tableSize);
    const y = f(x + 1);
    table[2 * i] = ((a + 2) * x - (a + 3)) * x * x + 1;
    table[2 * i + 1] = ((a * y - 5 * a) * y + 8 * a) * y - 4 * a;
  }
  return table;
}

const tables = new Map<number, Float32Array>();

function tableOf(a: number): Float32Array {
  let table = tables.get(a);
  if (!table) {
    table = cubicTable(a);
    tables.set(a, table);
  }
  return table;
}

/** Rounds half to even, as lrintf. */
function roundEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

/** Four terms of cubic convolution: a = -0.75 with repeated borders, or -0.5 (Keys) with weights of the inside alone for pixel centers. */
export function bicubicWeights(
  input: number,
  output: number,
  { alignCorners, halfPixelCenters }: ResizeRules,
): AxisWeights {
  const scale = resizeScale(input, output, alignCorners);
  const table = tableOf(halfPixelCenters ? -0.5 : -0.75);
  const indices: number[][] = [[], [], [], []];
  const weights = [0, 1, 2, 3].map(() => new Float32Array(output));
  for (let i = 0; i < output; i++) {
    const at = position(i, scale, halfPixelCenters);
    const floor = Math.floor(at);
    const offset = roundEven(f(f(at - floor) * tableSize));
    const own = [
      table[offset * 2 + 1]!,
      table[offset * 2]!,
      table[(tableSize - offset) * 2]!,
      table[(tableSize - offset) * 2 + 1]!,
    ];
    let sum = 0;
    for (let k = 0; k < 4; k++) {
      const wanted = floor - 1 + k;
      const bounded = Math.min(Math.max(wanted, 0), input - 1);
      indices[k]!.push(bounded);
      const weight = halfPixelCenters && bounded !== wanted ? 0 : own[k]!;
      weights[k]![i] = weight;
      sum = f(sum + weight);
    }
    if (halfPixelCenters && Math.abs(sum) >= 1000 * 1.1754943508222875e-38) {
      for (let k = 0; k < 4; k++) weights[k]![i] = f(weights[k]![i]! / sum);
    }
  }
  return { indices, weights };
}

/** Lists of inputs and weights, one for each output, as terms: as many as the longest has, missing ones weigh nothing. */
export function termsOf(rows: readonly (readonly (readonly [number, number])[])[]): AxisWeights {
  const terms = rows.reduce((most, own) => Math.max(most, own.length), 1);
  return {
    indices: Array.from({ length: terms }, (_, k) => rows.map((own) => own[k]?.[0] ?? 0)),
    weights: Array.from({ length: terms }, (_, k) => Float32Array.from(rows, (own) => own[k]?.[1] ?? 0)),
  };
}

/** The inputs that each output covers, in part or whole. */
export function areaWeights(input: number, output: number, alignCorners: boolean): AxisWeights {
  const scale = resizeScale(input, output, alignCorners);
  const rows = Array.from({ length: output }, (_, i) => {
    const from = f(i * scale);
    const to = f((i + 1) * scale);
    const own: [number, number][] = [];
    for (let x = Math.floor(from); x < Math.ceil(to); x++) {
      const part = x < from ? (x + 1 > to ? scale : f(x + 1 - from)) : x + 1 > to ? f(to - x) : 1;
      own.push([Math.min(Math.max(x, 0), input - 1), f(part / scale)]);
    }
    return own;
  });
  return termsOf(rows);
}
