/** oneDNN 2.6 to 3.x: products by dnnl_sgemm, or by its matmul primitive where that is faster, and convolutions. */
import { InternalError } from "../../../core/error.ts";
import type { Koffi, SharedObject } from "../foreign.ts";
import type { NativeLibrary } from "../library.ts";
import { argument, bindDnnl, type Dnnl, type Primitive, versionOf } from "./api.ts";
import { createConvolution } from "./convolution.ts";

const [transposed, straight] = ["T".charCodeAt(0), "N".charCodeAt(0)];

/** With more rows than these dnnl_sgemm shares a product with a transposed right side well. */
const fewRows = 256;
const mostProducts = 64;

/** Throws when the library is no oneDNN of a known version. */
export function openOneDnn(library: SharedObject, path: string, koffi: Koffi): NativeLibrary {
  const version = versionOf(library, koffi);
  const { major, minor, patch } = version;
  const text = `${major}.${minor}.${patch}`;
  if (major < 2 || (major === 2 && minor < 6)) throw new Error(`oneDNN ${text} is too old: 2.6 or later is needed`);
  if (major > 3) throw new Error(`oneDNN ${text} is not known: 2.6 to 3.x are`);
  const dnnl = bindDnnl(library, koffi, version);
  const products = new Map<string, Product>();
  let threads = 0;

  const product = (m: number, n: number, k: number, lda: number, ldb: number, ldc: number): Product => {
    const key = `${threads}: ${m},${n},${k},${lda},${ldb},${ldc}`;
    let known = products.get(key);
    if (!known) {
      if (products.size >= mostProducts) {
        const [oldest] = products.keys();
        products.get(oldest!)!.dispose();
        products.delete(oldest!);
      }
      known = createProduct(dnnl, { m, n, k, lda, ldb, ldc });
      products.set(key, known);
    }
    return known;
  };

  return {
    name: `onednn-${text}`,
    path,
    gemm64: null,
    gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) {
      if (tb && !ta && threads > 1 && m <= fewRows && alpha === 1 && beta === 0) {
        product(m, n, k, lda, ldb, ldc).run(a, b, c);
        return;
      }
      const [x, y] = [ta ? transposed : straight, tb ? transposed : straight];
      const status = dnnl.sgemm(x, y, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
      if (status !== 0) throw new InternalError(`oneDNN: dnnl_sgemm returned status ${status}`);
    },
    convolution: (kind, geometry) => createConvolution(dnnl, kind, geometry),
    setThreads(n) {
      if (n === threads) return;
      threads = n;
      dnnl.setThreads?.(n);
    },
  };
}

interface Product {
  run(a: number, b: number, c: number): void;
  dispose(): void;
}

interface ProductSizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly lda: number;
  readonly ldb: number;
  readonly ldc: number;
}

/** c [m, n] = a [m, k] b^T with b: [n, k], as a matmul primitive. */
function createProduct(dnnl: Dnnl, { m, n, k, lda, ldb, ldc }: ProductSizes): Product {
  return dnnl.within(() => {
    const layouts = [
      { dims: [m, k], strides: [lda, 1] },
      { dims: [k, n], strides: [1, ldb] },
      { dims: [m, n], strides: [ldc, 1] },
    ] as const;
    const pd = dnnl.matmul(...layouts);
    const [a, b, c] = layouts.map((layout) => dnnl.memory(dnnl.describe(layout))) as [number, number, number];
    const primitive: Primitive = dnnl.primitive(pd, [
      [argument.src, a],
      [argument.weights, b],
      [argument.dst, c],
    ]);
    return {
      run(x, y, z) {
        dnnl.setData(a, x);
        dnnl.setData(b, y);
        dnnl.setData(c, z);
        dnnl.execute(primitive);
      },
      dispose() {
        dnnl.destroyPrimitive(primitive);
        for (const memory of [a, b, c]) dnnl.destroyMemory(memory);
        dnnl.destroyDesc(pd);
      },
    };
  });
}
