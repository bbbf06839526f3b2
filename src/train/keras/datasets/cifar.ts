/** Small images of the CIFAR sets: pickles of planes, red, green and blue. Source: tf_keras/src/datasets/cifar.py. */
import { join } from "node:path";
import { imageDataFormat } from "../../../build/keras/state.ts";
import { uint8 } from "../../../core/dtype.ts";
import { DataLossError } from "../../../core/error.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { readFile } from "../../../io/file_system.ts";
import { readPickle } from "../../../io/pickle/pickle.ts";

const side = 32;
const plane = side * side;

interface Images {
  readonly x: NdArray;
  readonly y: NdArray;
}

/** Images of one of the files. DATA_LOSS for a file without images or without as many labels under the name. */
function readBatch(folder: string, name: string, labelKey: string): { pixels: Uint8Array; labels: number[] } {
  const path = join(folder, name);
  const batch = readPickle(readFile(path), path);
  const data = batch instanceof Map ? batch.get("data") : null;
  const labels = batch instanceof Map ? batch.get(labelKey) : null;
  const isWhole =
    data instanceof NdArray &&
    data.data instanceof Uint8Array &&
    Array.isArray(labels) &&
    data.size === labels.length * 3 * plane;
  if (!isWhole) throw new DataLossError(`${path}: not a file of images under data and their ${labelKey}`, { path });
  return { pixels: data.data as Uint8Array, labels: labels as number[] };
}

/** Images uint8 [n, 32, 32, 3] (or [n, 3, 32, 32], as Keras is set) and labels uint8 [n, 1] of these files of a folder. */
export function readImages(folder: string, names: readonly string[], labelKey = "labels"): Images {
  const batches = names.map((name) => readBatch(folder, name, labelKey));
  const labels = Uint8Array.from(batches.flatMap((batch) => batch.labels));
  const n = labels.length;
  const planes = new Uint8Array(n * 3 * plane);
  let at = 0;
  for (const { pixels } of batches) {
    planes.set(pixels, at);
    at += pixels.length;
  }
  const y = new NdArray(uint8, [n, 1], labels);
  if (imageDataFormat() === "channels_first") return { x: new NdArray(uint8, [n, 3, side, side], planes), y };
  const data = new Uint8Array(planes.length);
  for (let i = 0; i < n; i++) {
    const from = i * 3 * plane;
    for (let k = 0; k < plane; k++) {
      for (let c = 0; c < 3; c++) data[from + k * 3 + c] = planes[from + c * plane + k]!;
    }
  }
  return { x: new NdArray(uint8, [n, side, side, 3], data), y };
}
