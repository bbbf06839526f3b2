/** Arrays and folders of images as rows: .npy, .npz and IDX files side by side, and one folder of images a class. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { invalidArgument } from "../../core/error.ts";
import { elementAt, type NdArray } from "../../core/nd_array.ts";
import { elementCount } from "../../core/shape.ts";
import { listFolder } from "../paths.ts";
import { readImageHeader } from "./image_header.ts";
import type { Cell, Row, Scalar, Source } from "./rows.ts";

export interface NamedArray {
  readonly name: string;
  readonly path: string;
  readonly array: NdArray;
}

const rowsAtOnce = 1024;

/**
 * Arrays of n rows each, side by side: row i of each becomes a cell. Rows of uint8 with several elements are bytes, all others
 * lists of numbers. Throws INVALID_ARGUMENT for scalars and for arrays of different n.
 */
export function arraySource(arrays: readonly NamedArray[]): Source {
  const [first] = arrays;
  for (const { path, array } of arrays) {
    if (array.shape.length === 0) throw invalidArgument(`${path}: a scalar has no rows`, { path });
    const [n, wanted] = [array.shape[0], first!.array.shape[0]];
    if (n !== wanted) throw invalidArgument(`${path}: ${n} rows, where ${first!.path} has ${wanted}`, { path });
  }
  const cell = (array: NdArray, i: number): Cell => {
    const size = elementCount(array.shape.slice(1));
    if (array.shape.length > 1 && array.dtype.base === "uint8") {
      return (array.data as Uint8Array).subarray(i * size, (i + 1) * size);
    }
    const item = (k: number) => {
      const { data } = array;
      return (ArrayBuffer.isView(data) ? elementAt(array, k) : data[k]!) as Scalar;
    };
    return array.shape.length === 1 ? item(i) : Array.from({ length: size }, (_, k) => item(i * size + k));
  };
  return {
    path: arrays.map(({ path }) => path).join(" "),
    names: arrays.map(({ name }) => name),
    async *rows() {
      const n = first!.array.shape[0]!;
      for (let from = 0; from < n; from += rowsAtOnce) {
        const count = Math.min(rowsAtOnce, n - from);
        yield Array.from({ length: count }, (_, i): Row => arrays.map(({ array }) => cell(array, from + i)));
      }
    },
  };
}

const imageName = /\.(png|jpe?g|gif|bmp)$/i;

interface ImageFile {
  readonly path: string;
  readonly className?: string;
}

/** The images below a folder, those of its subfolders with the subfolder's name as their class, sorted. */
export function imageFiles(folder: string): ImageFile[] {
  const here = listFolder(folder);
  const images = (within: string, className?: string): ImageFile[] =>
    listFolder(within)
      .filter(({ name, isFolder }) => !isFolder && imageName.test(name))
      .map(({ name }) => ({ path: join(within, name), ...(className !== undefined && { className }) }));
  const classes = here.filter(({ isFolder }) => isFolder).flatMap(({ name }) => images(join(folder, name), name));
  return classes.length > 0 ? classes : images(folder);
}

/** Images as they are encoded, with their sizes; the names of the features are those of TensorFlow's image datasets. */
export function imageSource(folder: string): Source {
  const files = imageFiles(folder);
  if (files.length === 0) throw invalidArgument(`${folder}: no PNG, JPEG, GIF or BMP files`, { path: folder });
  const classes = [...new Set(files.flatMap(({ className }) => className ?? []))].sort();
  const labels = classes.length > 0 ? ["image/class/label", "image/class/text"] : [];
  return {
    path: folder,
    names: [
      "image/encoded",
      "image/format",
      "image/height",
      "image/width",
      "image/channels",
      "image/filename",
      ...labels,
    ],
    async *rows() {
      for (const { path, className } of files) {
        const encoded = readFileSync(path);
        const header = readImageHeader(encoded);
        if (!header) throw invalidArgument(`${path}: not an image of a known format`, { path });
        const { format, height, width, channels } = header;
        const label = className === undefined ? [] : [classes.indexOf(className), className];
        yield [[encoded, format, height, width, channels, basename(path), ...label]];
      }
    },
  };
}
