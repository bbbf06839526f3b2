import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { dtypeOf } from "../../src/core/dtype.ts";
import { NdArray, ndarray } from "../../src/core/nd_array.ts";
import { decode, encode, pb } from "../../src/proto/messages.ts";
import { fromTensorProto, isSplat, splat, toTensorProto } from "../../src/proto/tensor_proto.ts";

interface Case {
  name: string;
  dtype: string;
  shape: number[];
  values: unknown[];
  proto: string;
}
const { tensors } = JSON.parse(readFileSync(new URL("../fixtures/proto/tensors.json", import.meta.url), "utf8")) as {
  tensors: Case[];
};

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));

const names: Record<string, number> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};

function expected({ dtype, shape, values }: Case): NdArray {
  const item = (v: unknown) => {
    if (dtype === "string") return bytesOf(v as string);
    return typeof v === "string" && v in names ? names[v] : v;
  };
  return ndarray(values.map(item), dtype, shape);
}

const read = (bytes: Uint8Array) => fromTensorProto(decode(pb.TensorProto, bytes));

describe("TensorProto", () => {
  test.each(tensors)("reads TensorFlow's $name", (tensor) => {
    const array = read(bytesOf(tensor.proto));

    expect(array.data).toEqual(expected(tensor).data);
    expect([array.dtype, array.shape]).toEqual([dtypeOf(tensor.dtype), tensor.shape]);
  });

  test.each(tensors)("writes $name again as the same bytes", (tensor) => {
    const bytes = encode(pb.TensorProto, toTensorProto(read(bytesOf(tensor.proto))));

    expect(Buffer.from(bytes).toString("base64")).toBe(tensor.proto);
  });

  test.each(tensors.filter(({ name }) => !name.endsWith("splat")))(
    "writes an array equal to $name as Python does",
    (tensor) => {
      const bytes = encode(pb.TensorProto, toTensorProto(expected(tensor)));

      expect(Buffer.from(bytes).toString("base64")).toBe(tensor.proto);
    },
  );

  test.each(tensors.filter(({ name }) => name.endsWith("splat")))(
    "writes one value of $name for the whole shape",
    (tensor) => {
      const { data } = expected(tensor);
      const scalar = new NdArray(dtypeOf(tensor.dtype), [], data.slice(0, tensor.dtype.startsWith("complex") ? 2 : 1));

      const array = splat(tensor.shape, scalar);

      expect(isSplat(array)).toBe(true);
      expect(Buffer.from(encode(pb.TensorProto, toTensorProto(array))).toString("base64")).toBe(tensor.proto);
      expect(array.data).toEqual(data);
    },
  );

  test("repeats the last of several values", () => {
    const array = fromTensorProto({ dtype: 1, tensorShape: { dim: [{ size: 4 }] }, floatVal: [1, 2] });

    expect(array.toList()).toEqual([1, 2, 2, 2]);
  });

  test("reads strings that a server packed into tensor_content", () => {
    const tensorContent = Uint8Array.from([2, 6, 0x61, 0x62, 0x68, 0xc3, 0xa9, 0x6c, 0x6c, 0x6f]);

    expect(fromTensorProto({ dtype: 7, tensorShape: { dim: [{ size: 2 }] }, tensorContent }).toList()).toEqual([
      "ab",
      "héllo",
    ]);
  });

  test("takes no memory for a value repeated over a huge shape until it is read", () => {
    const array = fromTensorProto({
      dtype: 1,
      tensorShape: { dim: [{ size: 2 ** 20 }, { size: 2 ** 20 }] },
      floatVal: [1],
    });

    expect(array.shape).toEqual([2 ** 20, 2 ** 20]);
    expect(toTensorProto(array).floatVal).toEqual([1]);
    expect(() => array.data).toThrow("OOM when allocating tensor with shape[1048576,1048576] and type float32");
  });

  test.each([
    [
      "another number of bytes",
      { dtype: 1, tensorShape: { dim: [{ size: 2 }] }, tensorContent: new Uint8Array(7) },
      "7 bytes of tensor_content for float32 of shape [2]",
    ],
    [
      "more values than elements",
      { dtype: 3, tensorShape: { dim: [{ size: 1 }] }, intVal: [1, 2] },
      "2 values for int32 of shape [1]",
    ],
    ["an unknown dtype", { dtype: 9999 }, "dtype 9999 is unknown"],
    ["half a complex number", { dtype: 8, tensorShape: {}, scomplexVal: [1] }, "without its imaginary part"],
    ["an unknown dimension", { dtype: 1, tensorShape: { dim: [{ size: -1 }] } }, "Shape [-1] is not fully defined"],
    [
      "a negative dimension",
      { dtype: 1, tensorShape: { dim: [{ size: -2 }] } },
      "has dimensions that are out of range",
    ],
    [
      "a product over 2^53",
      { dtype: 1, tensorShape: { dim: [{ size: 2 ** 30 }, { size: 2 ** 30 }] } },
      "more than 2**53 - 1 elements",
    ],
    [
      "300 dimensions",
      { dtype: 1, tensorShape: { dim: new Array(300).fill({ size: 1 }) } },
      "Shape has 300 dimensions",
    ],
    [
      "strings past the end",
      { dtype: 7, tensorShape: { dim: [{ size: 1 }] }, tensorContent: Uint8Array.of(9, 1) },
      "does not hold the strings",
    ],
    [
      "more strings than bytes",
      { dtype: 7, tensorShape: { dim: [{ size: 1e15 }] }, tensorContent: Uint8Array.of(9, 1) },
      "does not hold the strings",
    ],
  ])("refuses %s", (_, proto, message) => {
    expect(() => fromTensorProto(proto)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) }),
    );
  });

  test("refuses resources and variants by name", () => {
    expect(() => fromTensorProto({ dtype: 20, tensorShape: {} })).toThrow("a tensor of type resource cannot be read");
  });
});
