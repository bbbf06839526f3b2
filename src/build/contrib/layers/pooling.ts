/** `tf.contrib.layers`: means and maxima of windows. Source: contrib/layers layers.py. */
import { ValueError } from "../../../core/error.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import { pool as poolOf } from "../../../ops/index.ts";
import { AveragePooling2D, AveragePooling3D, MaxPooling2D, MaxPooling3D } from "../../layers/pooling.ts";
import { type Padding, paddingOf, type Size } from "../../layers/window.ts";
import { scoped } from "../framework/arg_scope.ts";
import {
  applied,
  channelsFormat,
  imageFormats,
  inNameScope,
  nPositiveIntegers,
  type ScopeOptions,
  volumeFormats,
} from "./common.ts";

interface PoolOptions extends ScopeOptions {
  /** 2 by default. */
  readonly stride?: Size | undefined;
  /** VALID by default. */
  readonly padding?: Padding | undefined;
  readonly dataFormat?: string | undefined;
}

const places = ["stride", "padding", "dataFormat", "outputsCollections", "scope"] as const;

const pooled = (
  python: string,
  defaultName: string,
  formats: readonly string[],
  PoolingLayer: typeof MaxPooling2D | typeof MaxPooling3D,
) =>
  scoped<[inputs: TensorLike, kernelSize: Size], PoolOptions, typeof places, Tensor>(
    python,
    2,
    places,
    (given, kernelSize, options) => {
      const { stride = 2, padding = "VALID" } = options;
      const dataFormat = channelsFormat(options.dataFormat, formats);
      return inNameScope(defaultName, options, (scope) => {
        const inputs = convertToTensor(given);
        return applied(new PoolingLayer(kernelSize, stride, { padding, dataFormat }), scope, inputs);
      });
    },
  );

/** Means of windows of images [n, h, w, c]; windows move by 2, and stay within the image, by default. */
export const avgPool2d = pooled("avg_pool2d", "AvgPool2D", imageFormats, AveragePooling2D);
/** Means of windows of volumes [n, d, h, w, c]. */
export const avgPool3d = pooled("avg_pool3d", "AvgPool3D", volumeFormats, AveragePooling3D);
/** Maxima of windows of images [n, h, w, c]; windows move by 2, and stay within the image, by default. */
export const maxPool2d = pooled("max_pool2d", "MaxPool2D", imageFormats, MaxPooling2D);
/** Maxima of windows of volumes [n, d, h, w, c]. */
export const maxPool3d = pooled("max_pool3d", "MaxPool3D", volumeFormats, MaxPooling3D);

interface AnyPoolOptions extends ScopeOptions {
  readonly padding?: Padding | undefined;
  readonly dataFormat?: string | null | undefined;
  readonly dilationRate?: Size | undefined;
  readonly stride?: Size | undefined;
}

const poolPlaces = ["padding", "dataFormat", "dilationRate", "stride", "outputsCollections", "scope"] as const;

/** Windows over as many axes as the inputs [n, ..., c] have. Throws ValueError for a rank below 3. */
export const pool = scoped<
  [inputs: TensorLike, kernelSize: Size, poolingType: "AVG" | "MAX"],
  AnyPoolOptions,
  typeof poolPlaces,
  Tensor
>("pool", 3, poolPlaces, (given, kernelSize, poolingType, options) => {
  const { padding = "VALID", dataFormat, dilationRate = 1, stride = 1 } = options;
  return inNameScope(`${poolingType.toLowerCase()}_pool`, options, (scope) => {
    const inputs = convertToTensor(given);
    const rank = inputs.shape?.length;
    if (rank === undefined) throw new ValueError("Rank of inputs must be known");
    if (rank < 3) throw new ValueError("Rank of inputs must be >= 3");
    const n = rank - 2;
    return poolOf(inputs, nPositiveIntegers(n, kernelSize), poolingType, {
      padding: paddingOf(padding),
      ...(dataFormat ? { dataFormat: dataFormat as "NHWC" } : {}),
      dilations: nPositiveIntegers(n, dilationRate),
      strides: nPositiveIntegers(n, stride),
      name: scope,
    });
  });
});
