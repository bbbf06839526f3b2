/** Records of files, one file after another, and what their datasets check. */
import { string } from "../../../../core/dtype.ts";
import { invalidArgument } from "../../../../core/error.ts";
import { flow, type Maybe, now, type Steps } from "../../../../core/flow/maybe.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import type { Compression } from "../../../../io/record/compression.ts";
import { textOf, textsOf } from "../../arrays.ts";
import type { DataIterator, Element } from "../runtime/dataset.ts";
import { scalar } from "../runtime/element.ts";

/** One open file. `at` is how many records came before. */
export interface OpenRecords {
  next(): Maybe<Uint8Array | null>;
  close(): void;
}

/** The records of files, one after another. A file that fails is left, and the next one begins. */
export function recordsOf(
  paths: readonly string[],
  permit: (path: string) => void,
  open: (path: string, i: number) => Maybe<OpenRecords>,
): DataIterator {
  let file: OpenRecords | null = null;
  let i = 0;
  const leave = (): void => {
    file?.close();
    file = null;
  };
  const element = (record: Uint8Array): Element => [new NdArray(string, [], [record])];
  const waiting = function* (first: Maybe<Uint8Array | null>): Steps<Element | null> {
    try {
      let record = yield* now(first);
      while (record === null) {
        leave();
        if (i === paths.length) return null;
        permit(paths[i]!);
        file = yield* now(open(paths[i]!, i));
        i++;
        record = yield* now(file.next());
      }
      return element(record);
    } catch (error) {
      leave();
      throw error;
    }
  };
  return {
    next() {
      if (!file) return i === paths.length ? null : flow(waiting(null));
      let record: Maybe<Uint8Array | null>;
      try {
        record = file.next();
      } catch (error) {
        leave();
        throw error;
      }
      return record instanceof Promise || record === null ? flow(waiting(record)) : element(record);
    },
    close: leave,
  };
}

/** Throws INVALID_ARGUMENT for another word than "", GZIP and ZLIB. */
export function compressionOf(array: NdArray): Compression {
  const word = textOf(array);
  if (word !== "" && word !== "GZIP" && word !== "ZLIB") throw invalidArgument("Unsupported compression_type.");
  return word;
}

export function pathsOf(filenames: NdArray): string[] {
  if (filenames.shape.length > 1) throw invalidArgument("`filenames` must be a scalar or a vector.");
  return textsOf(filenames);
}

export function checkBuffer(size: NdArray, least = 0): void {
  if (scalar(size, "buffer_size") < least) throw invalidArgument("`buffer_size` must be >= 0 (0 == no buffering)");
}
