/** tf.keras.layers. Written by scripts/api.mjs. */
export { ELU, LeakyReLU, PReLU, ReLU, Softmax, ThresholdedReLU } from "../build/keras/layers/advanced_activations.ts";
export {
  Conv1D,
  Conv2D,
  Conv2DTranspose,
  Conv3D,
  Conv3DTranspose,
  DepthwiseConv2D,
  SeparableConv2D,
} from "../build/keras/layers/convolution.ts";
export {
  Activation,
  Dense,
  Dropout,
  Flatten,
  GaussianDropout,
  GaussianNoise,
  Lambda,
  Masking,
  Permute,
  RepeatVector,
  Reshape,
  SpatialDropout1D,
  SpatialDropout2D,
} from "../build/keras/layers/core.ts";
export { Embedding } from "../build/keras/layers/embedding.ts";
export { Layer } from "../build/keras/layers/layer.ts";
export {
  Add,
  Average,
  add,
  average,
  Concatenate,
  concatenate,
  Dot,
  dot,
  Maximum,
  Minimum,
  Multiply,
  maximum,
  minimum,
  multiply,
  Subtract,
  subtract,
} from "../build/keras/layers/merge.ts";
export { BatchNormalization, LayerNormalization } from "../build/keras/layers/normalization.ts";
export {
  Cropping1D,
  Cropping2D,
  UpSampling1D,
  UpSampling2D,
  ZeroPadding1D,
  ZeroPadding2D,
} from "../build/keras/layers/padding.ts";
export {
  AveragePooling1D,
  AveragePooling2D,
  AveragePooling3D,
  GlobalAveragePooling1D,
  GlobalAveragePooling2D,
  GlobalMaxPooling1D,
  GlobalMaxPooling2D,
  MaxPooling1D,
  MaxPooling2D,
  MaxPooling3D,
} from "../build/keras/layers/pooling.ts";
export { GRUCell, LSTMCell, SimpleRNNCell } from "../build/keras/layers/recurrent/cells.ts";
export { Bidirectional, GRU, LSTM, RNN, SimpleRNN, TimeDistributed } from "../build/keras/layers/recurrent/layers.ts";
export { Input, InputLayer } from "../build/keras/network.ts";
