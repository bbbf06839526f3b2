/** All classes of layers by name, for layers from data. */
import { layerClasses } from "../config/layers.ts";
import { InputLayer } from "../network.ts";
import * as activations from "./advanced_activations.ts";
import * as attention from "./attention/attention.ts";
import { EinsumDense } from "./attention/einsum_dense.ts";
import { MultiHeadAttention } from "./attention/multi_head.ts";
import * as convolutions from "./convolution/convolution.ts";
import * as local from "./convolution/local.ts";
import * as padding from "./convolution/padding.ts";
import * as pooling from "./convolution/pooling.ts";
import * as separable from "./convolution/separable.ts";
import * as core from "./core.ts";
import { Layer } from "./layer.ts";
import { Embedding } from "./lookup/embedding.ts";
import { DenseFeatures } from "./lookup/features.ts";
import * as merge from "./merge.ts";
import * as normalization from "./normalization.ts";
import * as categories from "./preprocessing/categories.ts";
import * as images from "./preprocessing/images.ts";
import { Normalization } from "./preprocessing/normalization.ts";
import * as cells from "./recurrent/cells.ts";
import * as convolutional from "./recurrent/conv_lstm.ts";
import * as cudnn from "./recurrent/cudnn.ts";
import * as recurrent from "./recurrent/layers.ts";
import { RNN } from "./recurrent/rnn.ts";
import { StackedRNNCells } from "./recurrent/stacked.ts";
import * as wrappers from "./recurrent/wrappers.ts";
import * as dropout from "./regularization/dropout.ts";

const modules = [
  attention,
  categories,
  images,
  dropout,
  separable,
  local,
  activations,
  convolutions,
  padding,
  pooling,
  core,
  merge,
  normalization,
  cells,
  convolutional,
  cudnn,
  recurrent,
  wrappers,
  { RNN, StackedRNNCells, Normalization, EinsumDense, MultiHeadAttention, DenseFeatures },
];
for (const module of modules) {
  for (const [name, value] of Object.entries(module) as [string, unknown][]) {
    if (typeof value === "function" && value.prototype instanceof Layer) layerClasses.set(name, value);
  }
}
layerClasses.set("InputLayer", InputLayer);
layerClasses.set("Embedding", Embedding);
