/**
 * What a strided slice selects: the sparse specification (one entry for each index that was written, with masks) made dense (one for
 * each dimension of the input). Source: strided_slice_op.cc.
 */
import { InvalidArgumentError } from "../../../../core/error.ts";
import type { Dim } from "../../../../core/shape.ts";

export interface Masks {
  readonly begin_mask: number;
  readonly end_mask: number;
  readonly ellipsis_mask: number;
  readonly new_axis_mask: number;
  readonly shrink_axis_mask: number;
}

/** begin and end are null where they are unknown. */
export interface SliceSpec extends Masks {
  readonly begin: readonly number[] | null;
  readonly end: readonly number[] | null;
  readonly strides: readonly number[];
}

/** One dimension of the input. `begin` is where it starts and `size` how many elements it takes; null where unknown. */
export interface DenseDim {
  readonly begin: number | null;
  readonly stride: number;
  readonly size: Dim;
  readonly isShrunk: boolean;
  /** The entry of the sparse specification; -1 for a dimension that the ellipsis covers. */
  readonly entry: number;
  /** Both ends are the ends of the axis. */
  readonly isWhole: boolean;
}

export interface DenseSlice {
  readonly dims: readonly DenseDim[];
  /** The shape after dropping shrunk dimensions and putting in new ones. */
  readonly shape: readonly Dim[];
}

interface Placed {
  readonly entry: number;
  readonly begin: number | null;
  readonly end: number | null;
  readonly stride: number;
  readonly isBeginMasked: boolean;
  readonly isEndMasked: boolean;
  readonly isShrunk: boolean;
}

const newAxis = -2;

/** Throws INVALID_ARGUMENT in TensorFlow's words for too many indices, stride 0, or an index out of range. */
export function denseSlice(spec: SliceSpec, input: readonly Dim[]): DenseSlice {
  const { placed, result } = place(spec, input.length);
  const dims = placed.map((dim, i) => denseDim(dim, i, input[i]!));
  return { dims, shape: result.map((i) => (i === newAxis ? 1 : dims[i]!.size)) };
}

/** Gives each entry its dimension. `result` lists what the final shape takes: dimensions of the input, or a new axis. */
function place(spec: SliceSpec, rank: number): { placed: Placed[]; result: number[] } {
  const count = spec.strides.length;
  const has = (mask: number, i: number): boolean => (mask & (1 << i)) !== 0;
  const ellipsis = Array.from({ length: count }, (_, i) => i).find((i) => has(spec.ellipsis_mask, i)) ?? count;
  const entries = ellipsis === count ? count + 1 : count;
  let newAfter = 0;
  for (let i = ellipsis + 1; i < count; i++) if (has(spec.new_axis_mask, i)) newAfter++;
  const placed: Placed[] = [];
  const result: number[] = [];
  for (let i = 0; i < entries; i++) {
    if (i === ellipsis) {
      const next = Math.min(rank - (entries - i) + 1 + newAfter, rank);
      while (placed.length < next) {
        result.push(placed.length);
        placed.push({
          entry: -1,
          begin: 0,
          end: 0,
          stride: 1,
          isBeginMasked: true,
          isEndMasked: true,
          isShrunk: false,
        });
      }
    } else if (has(spec.new_axis_mask, i)) result.push(newAxis);
    else {
      if (placed.length === rank) {
        if (rank === 0) throw new InvalidArgumentError("Attempting to slice scalar input.");
        throw new InvalidArgumentError(
          `Index out of range using input dim ${placed.length}; input has only ${rank} dims`,
        );
      }
      const isShrunk = has(spec.shrink_axis_mask, i);
      if (!isShrunk) result.push(placed.length);
      placed.push({
        entry: i,
        begin: spec.begin?.[i] ?? null,
        end: spec.end?.[i] ?? null,
        stride: spec.strides[i]!,
        isBeginMasked: has(spec.begin_mask, i),
        isEndMasked: has(spec.end_mask, i),
        isShrunk,
      });
    }
  }
  return { placed, result };
}

function denseDim(dim: Placed, i: number, n: Dim): DenseDim {
  const { stride, isShrunk, entry } = dim;
  if (stride === 0) throw new InvalidArgumentError(`strides[${i}] must be non-zero`);
  const isWhole = dim.isBeginMasked && dim.isEndMasked && !isShrunk;
  if (n === null) return { begin: null, stride, size: isShrunk ? 1 : null, isShrunk, entry, isWhole };
  if (isShrunk && stride <= 0) throw new InvalidArgumentError("only stride 1 allowed on non-range indexing.");
  const low = stride > 0 ? 0 : -1;
  const high = stride > 0 ? n : n - 1;
  const clamp = (x: number): number => Math.min(Math.max(x < 0 ? x + n : x, low), high);
  if (isShrunk && dim.begin !== null && dim.end !== null) {
    const at = dim.begin < 0 ? dim.begin + n : dim.begin;
    if (at < 0 || at >= n) throw new InvalidArgumentError(`slice index ${at} of dimension ${i} out of bounds.`);
    return { begin: at, stride, size: 1, isShrunk, entry, isWhole };
  }
  if (isShrunk) return { begin: null, stride, size: 1, isShrunk, entry, isWhole };
  if (!isWhole && (dim.begin === null || dim.end === null))
    return { begin: null, stride, size: null, isShrunk, entry, isWhole };
  const first = dim.isBeginMasked ? (stride > 0 ? low : high) : clamp(dim.begin!);
  const last = dim.isEndMasked ? (stride > 0 ? high : low) : clamp(dim.end!);
  return { begin: first, stride, size: Math.max(0, Math.ceil((last - first) / stride)), isShrunk, entry, isWhole };
}
