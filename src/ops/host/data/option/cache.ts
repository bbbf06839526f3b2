/**
 * Elements kept from the first walk to the end, in memory or in files. A file cache is a checkpoint whose tensors are called by the numbers of
 * element and component, `      3_0`; `<name>_0.lockfile` stands beside it while it is written. Source: cache_dataset_ops.cc
 */
import { AlreadyExistsError } from "../../../../core/error.ts";
import { after } from "../../../../core/flow/maybe.ts";
import { nowSeconds } from "../../../../core/host.ts";
import type { NdArray } from "../../../../core/nd_array.ts";
import type { ComputeContext } from "../../../../graph/definition.ts";
import { BundleReader } from "../../../../io/checkpoint/bundle_reader.ts";
import { BundleWriter } from "../../../../io/checkpoint/bundle_writer.ts";
import { nodeFiles, writeAll } from "../../../../io/file_system.ts";
import { bytesOfText, textOf } from "../../arrays.ts";
import type { DataIterator, Element } from "../runtime/dataset.ts";
import { type Behaviour, datasetOf, defineDataset, metadata, typed } from "../runtime/define.ts";
import { copies } from "../runtime/element.ts";
import { indexed } from "../runtime/indexed.ts";
import { MemoryCache } from "../runtime/memory_cache.ts";
import { memoryCacheOf } from "./shared.ts";

/** Passes elements on; at the end they are the cache's. */
function remembering(inner: DataIterator, cache: MemoryCache): DataIterator {
  const elements: Element[] = [];
  return {
    next: () =>
      after(inner.next(), (element) => {
        if (element === null) {
          cache.elements ??= elements;
          return null;
        }
        elements.push(copies(element));
        return element;
      }),
    close: () => inner.close(),
  };
}

const widest = String(10_000_000 - 1).length;

const keyOf = (i: number, c: number, width: number): string =>
  `${String(i).padStart(widest)}_${String(c).padStart(String(width - 1).length)}`;

async function* writing(inner: DataIterator, path: string): AsyncGenerator<Element, void, void> {
  const lock = `${path}_0.lockfile`;
  if (nodeFiles.stat(lock))
    throw new AlreadyExistsError(
      `There appears to be a concurrent caching iterator running - cache lockfile already exists ('${lock}'). If you are sure no other running TF computations are using this cache prefix, delete the lockfile and re-initialize the iterator. Lockfile contents: `,
    );
  const file = nodeFiles.open(lock, "wx");
  writeAll(file, bytesOfText(`Created at: ${Math.floor(nowSeconds())}`));
  file.close();
  const writer = new BundleWriter(path);
  let isWhole = false;
  try {
    for (let i = 0; ; i++) {
      const element = await inner.next();
      if (element === null) break;
      for (const [c, array] of element.entries()) await writer.add(keyOf(i, c, element.length), array);
      yield element;
    }
    await writer.finish();
    isWhole = true;
  } finally {
    if (!isWhole) writer.abort();
    nodeFiles.unlink(lock);
  }
}

function reading(path: string, width: number): DataIterator {
  const reader = BundleReader.open(path);
  let i = 0;
  return {
    async next() {
      if (!reader.has(keyOf(i, 0, width))) return null;
      const element: NdArray[] = [];
      for (let c = 0; c < width; c++) element.push(await reader.read(keyOf(i, c, width)));
      i++;
      return element;
    },
    close: () => reader.close(),
  };
}

function inFiles(inner: () => DataIterator, path: string, width: number): DataIterator {
  if (nodeFiles.stat(`${path}.index`)) return reading(path, width);
  const source = inner();
  const elements = writing(source, path);
  return {
    next: async () => (await elements.next()).value ?? null,
    close() {
      source.close();
      elements.return().catch(() => {});
    },
  };
}

function cached(
  op: { readonly input_dataset: NdArray; readonly filename: NdArray },
  context: ComputeContext,
  memory: MemoryCache,
): Behaviour {
  const input = datasetOf(op.input_dataset);
  const path = textOf(op.filename);
  if (path !== "") context.permit(path);
  return {
    cardinality: () => input.cardinality(),
    iterate(runtime) {
      if (path !== "") return inFiles(() => input.iterate(runtime), path, input.dtypes.length);
      const kept = memory.elements;
      return kept ? indexed(kept.length, (i) => copies(kept[i]!)) : remembering(input.iterate(runtime), memory);
    },
    ...(input.at && path === "" ? { at: input.at.bind(input) } : {}),
  };
}

export const cacheDatasetOp = defineDataset("CacheDataset", {
  inputs: ["input_dataset: variant", "filename: string"],
  attrs: [...typed, metadata],
  access: "file",
  make: (op, _, context) => cached(op, context, new MemoryCache()),
});

export const cacheDatasetV2Op = defineDataset("CacheDatasetV2", {
  inputs: ["input_dataset: variant", "filename: string", "cache: resource"],
  attrs: [...typed, metadata],
  stateful: true,
  access: "file",
  make: (op, _, context) => cached(op, context, memoryCacheOf(context, op.cache) ?? new MemoryCache()),
});
