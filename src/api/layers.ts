/** tf.layers. Written by scripts/api.mjs. */
export { InputSpec } from "../build/keras/layers/input_spec.ts";
export { Conv1D, Conv2D, Conv3D, conv1d, conv2d, conv3d } from "../build/layers/convolution.ts";
export { Dense, Dropout, dense, dropout, Flatten, flatten } from "../build/layers/core.ts";
export { Layer } from "../build/layers/layer.ts";
export { BatchNormalization, batchNormalization } from "../build/layers/normalization.ts";
export {
  AveragePooling1D,
  AveragePooling2D,
  AveragePooling3D,
  averagePooling1d,
  averagePooling2d,
  averagePooling3d,
  MaxPooling1D,
  MaxPooling2D,
  MaxPooling3D,
  maxPooling1d,
  maxPooling2d,
  maxPooling3d,
} from "../build/layers/pooling.ts";
export { SeparableConv1D, SeparableConv2D, separableConv1d, separableConv2d } from "../build/layers/separable.ts";
export { Conv2DTranspose, Conv3DTranspose, conv2dTranspose, conv3dTranspose } from "../build/layers/transpose.ts";
