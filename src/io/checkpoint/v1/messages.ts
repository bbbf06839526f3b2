/**
 * The values of a checkpoint of the first version, which is one sorted table:
 *     key ""            SavedTensorSlices  meta=1 SavedTensorSliceMeta {tensor=1 {name=1, shape=2, type=3, slice=4 …} …, versions=2}
 *     key of a slice    SavedTensorSlices  data=2 SavedSlice {name=1, slice=2, data=3 TensorProto with values alone}
 *     a slice           TensorSliceProto   extent=1 {start=1, length=2}, empty for a whole dimension
 * Source: tensorflow/core/util/saved_tensor_slice.proto, saved_tensor_slice_util.h
 */
import { type DType, dtypeOfNumber } from "../../../core/dtype.ts";
import { DataLossError, UnimplementedError } from "../../../core/error.ts";
import { allocateElements, type Elements, NdArray } from "../../../core/nd_array.ts";
import { elementCount, type FullShape } from "../../../core/shape.ts";
import { WireReader, WireWriter } from "../../wire.ts";
import { countOf, slicesMax } from "../bundle_entry.ts";
import type { Extent, Slice } from "../slice.ts";

export interface SavedTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: FullShape;
  readonly slices: Slice[];
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The field of TensorProto that holds a dtype's values, and how one is written. */
const fields: Readonly<
  Record<string, readonly [field: number, kind: "float" | "double" | "varint" | "int64" | "bytes"]>
> = {
  float32: [5, "float"],
  float64: [6, "double"],
  int32: [7, "varint"],
  int16: [7, "varint"],
  int8: [7, "varint"],
  uint8: [7, "varint"],
  uint16: [7, "varint"],
  qint8: [7, "varint"],
  quint8: [7, "varint"],
  qint16: [7, "varint"],
  quint16: [7, "varint"],
  qint32: [7, "varint"],
  string: [8, "bytes"],
  complex64: [9, "float"],
  int64: [10, "int64"],
  bool: [11, "varint"],
  complex128: [12, "double"],
  float16: [13, "varint"],
  bfloat16: [13, "varint"],
  uint32: [16, "varint"],
  uint64: [17, "int64"],
};

function fieldOf(dtype: DType): (typeof fields)[string] {
  const found = fields[dtype.base];
  if (!found) throw new UnimplementedError(`Saving data type ${dtype.name} not yet supported`);
  return found;
}

const encodeShape = (shape: FullShape): Uint8Array => {
  const out = new WireWriter();
  for (const size of shape) out.bytes(2, new WireWriter().number(1, size).finish());
  return out.finish();
};

function encodeSlice(slice: Slice): Uint8Array {
  const out = new WireWriter();
  for (const { start, length } of slice) {
    const extent = length < 0 ? new WireWriter() : new WireWriter().number(1, start).tag(2, 0).int64(length);
    out.bytes(1, extent.finish());
  }
  return out.finish();
}

/** The value under the empty key. */
export function encodeMeta(tensors: readonly SavedTensor[]): Uint8Array {
  const meta = new WireWriter();
  for (const { name, dtype, shape, slices } of tensors) {
    const tensor = new WireWriter().bytes(1, name).bytes(2, encodeShape(shape)).number(3, dtype.number);
    for (const slice of slices) tensor.bytes(4, encodeSlice(slice));
    meta.bytes(1, tensor.finish());
  }
  meta.bytes(2, new WireWriter().number(1, 1).finish());
  return new WireWriter().bytes(1, meta.finish()).finish();
}

/** The value under the key of a slice. */
export function encodeData(name: string, slice: Slice, array: NdArray): Uint8Array {
  const saved = new WireWriter().bytes(1, name).bytes(2, encodeSlice(slice)).bytes(3, encodeValues(array));
  return new WireWriter().bytes(2, saved.finish()).finish();
}

/** Packed as they lie in memory, NaN with its bits: typed arrays are little-endian wherever Node runs. */
const isRaw = (kind: string): boolean => kind === "float" || kind === "double";

function encodeValues({ dtype, data }: NdArray): Uint8Array {
  const [field, kind] = fieldOf(dtype);
  const out = new WireWriter();
  if (kind === "bytes") {
    for (const bytes of data as readonly Uint8Array[]) out.bytes(field, bytes);
    return out.finish();
  }
  const packed = new WireWriter();
  if (isRaw(kind))
    packed.raw(
      new Uint8Array(
        (data as Float32Array).buffer,
        (data as Float32Array).byteOffset,
        (data as Float32Array).byteLength,
      ),
    );
  else
    for (const value of data as Iterable<number | bigint>) {
      packed.int64(value);
    }
  const bytes = packed.finish();
  if (bytes.length) out.bytes(field, bytes);
  return out.finish();
}

/** The tensors of the table. UNIMPLEMENTED for a later version, DATA_LOSS for impossible ranks. */
export function decodeMeta(bytes: Uint8Array): SavedTensor[] {
  const tensors: SavedTensor[] = [];
  eachField(new WireReader(bytes), {
    10: (outer) =>
      eachField(outer.message(), {
        10: (meta) => tensors.push(decodeTensor(meta.message())),
        18: (meta) =>
          eachField(meta.message(), {
            16: (versions) => {
              const minConsumer = versions.varint();
              if (minConsumer > 1) {
                throw new UnimplementedError(`Checkpoint min consumer version ${minConsumer} above current version 1`);
              }
            },
          }),
      }),
  });
  return tensors;
}

function decodeTensor(reader: WireReader): SavedTensor {
  let name = "";
  let dtype = 0;
  const shape: number[] = [];
  const slices: Slice[] = [];
  eachField(reader, {
    10: (tensor) => {
      name = decoder.decode(tensor.bytes());
    },
    18: (tensor) =>
      eachField(tensor.message(), {
        18: (sizes) => {
          let size = 0;
          eachField(sizes.message(), {
            8: (dim) => {
              size = dim.signed();
            },
          });
          if (size < 0 || shape.length >= 254) throw new DataLossError(`${name}: a shape that no tensor has`);
          shape.push(size);
        },
      }),
    24: (tensor) => {
      dtype = tensor.varint();
    },
    34: (tensor) => {
      if (slices.length >= slicesMax) throw new DataLossError(`${name}: more than ${slicesMax} slices`);
      slices.push(decodeSlice(tensor.message()));
    },
  });
  const known = dtypeOfNumber(dtype);
  if (!known) throw new DataLossError(`${name}: unknown dtype ${dtype}`);
  if (countOf(shape) === undefined) throw new DataLossError(`${name}: shape [${shape}] has too many elements`);
  for (const slice of slices) {
    if (slice.length !== shape.length) throw new DataLossError(`${name}: a slice of another rank`);
    for (const [i, { start, length }] of slice.entries()) {
      const isWhole = length === -1;
      if (start < 0 || length < -1 || start > shape[i]! || (!isWhole && length > shape[i]! - start))
        throw new DataLossError(`${name}: a slice lies outside the tensor`);
    }
  }
  return { name, dtype: known, shape, slices };
}

function decodeSlice(reader: WireReader): Slice {
  const extents: Extent[] = [];
  eachField(reader, {
    10: (slice) => {
      let start = 0;
      let length = -1;
      eachField(slice.message(), {
        8: (extent) => {
          start = extent.signed();
        },
        16: (extent) => {
          length = extent.signed();
        },
      });
      if (extents.length >= 254) throw new DataLossError("a slice of more than 254 dimensions");
      extents.push({ start, length });
    },
  });
  return extents;
}

/** The elements of a slice of this dtype and shape. DATA_LOSS when there are more or fewer. */
export function decodeData(bytes: Uint8Array, dtype: DType, shape: FullShape): NdArray {
  let values: NdArray | null = null;
  eachField(new WireReader(bytes), {
    18: (outer) =>
      eachField(outer.message(), {
        26: (saved) => {
          values = decodeValues(saved.message(), dtype, shape, bytes.length);
        },
      }),
  });
  if (!values) throw new DataLossError("a slice without data");
  return values;
}

function decodeValues(reader: WireReader, dtype: DType, shape: FullShape, bytesMax: number): NdArray {
  const [field, kind] = fieldOf(dtype);
  const count = elementCount(shape) * (dtype.isComplex ? 2 : 1);
  const wrong = (): DataLossError => new DataLossError(`a slice of ${elementCount(shape)} elements with others`);
  if (count > bytesMax) throw wrong();
  const data = allocateElements(dtype, elementCount(shape));
  let n = 0;
  const take = (from: WireReader): void => {
    if (n >= count) throw wrong();
    store(data, n++, from, kind);
  };
  const single = { float: 5, double: 1, varint: 0, int64: 0, bytes: 2 }[kind];
  eachField(reader, {
    [(field << 3) | single]: take,
    ...(kind === "bytes"
      ? {}
      : {
          [(field << 3) | 2]: (from: WireReader) => {
            const packed = from.message();
            if (isRaw(kind)) n += copyRaw(packed, data as Float32Array, n);
            while (packed.hasMore) take(packed);
          },
        }),
  });
  if (n !== count) throw wrong();
  return new NdArray(dtype, shape, data);
}

/** Copies packed numbers behind the first n; how many. What does not fit or is cut is left to be refused. */
function copyRaw(packed: WireReader, data: Float32Array | Float64Array, n: number): number {
  const left = Math.min(Math.floor((packed.end - packed.at) / data.BYTES_PER_ELEMENT), data.length - n);
  const size = left * data.BYTES_PER_ELEMENT;
  const target = new Uint8Array(data.buffer, data.byteOffset + n * data.BYTES_PER_ELEMENT, size);
  target.set(packed.buffer.subarray(packed.at, packed.at + size));
  packed.at += size;
  return left;
}

function store(
  data: Elements,
  i: number,
  from: WireReader,
  kind: "float" | "double" | "varint" | "int64" | "bytes",
): void {
  if (kind === "bytes") (data as Uint8Array[])[i] = from.bytes().slice();
  else if (kind === "float") (data as Float32Array)[i] = from.float();
  else if (kind === "double") (data as Float64Array)[i] = from.double();
  else if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = from.int64();
  else (data as Int32Array)[i] = from.signed();
}

function eachField(reader: WireReader, handlers: Readonly<Record<number, (reader: WireReader) => void>>): void {
  while (reader.hasMore) {
    const tag = reader.varint();
    const handle = handlers[tag];
    if (handle) handle(reader);
    else reader.skip(tag);
  }
}
