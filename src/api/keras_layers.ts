/** tf.keras.layers. Written by scripts/api.mjs. */
export { ELU, LeakyReLU, PReLU, ReLU, Softmax, ThresholdedReLU } from "../build/keras/layers/advanced_activations.ts";
export { AdditiveAttention, Attention } from "../build/keras/layers/attention/attention.ts";
export { EinsumDense } from "../build/keras/layers/attention/einsum_dense.ts";
export { MultiHeadAttention } from "../build/keras/layers/attention/multi_head.ts";
export { deserializeLayer as deserialize, serializeLayer as serialize } from "../build/keras/layers/configured.ts";
export {
  Conv1D,
  Conv1DTranspose,
  Conv2D,
  Conv2DTranspose,
  Conv3D,
  Conv3DTranspose,
  Convolution1D,
  Convolution1DTranspose,
  Convolution2D,
  Convolution2DTranspose,
  Convolution3D,
  Convolution3DTranspose,
} from "../build/keras/layers/convolution/convolution.ts";
export { LocallyConnected1D, LocallyConnected2D } from "../build/keras/layers/convolution/local.ts";
export {
  Cropping1D,
  Cropping2D,
  Cropping3D,
  UpSampling1D,
  UpSampling2D,
  UpSampling3D,
  ZeroPadding1D,
  ZeroPadding2D,
  ZeroPadding3D,
} from "../build/keras/layers/convolution/padding.ts";
export {
  AveragePooling1D,
  AveragePooling2D,
  AveragePooling3D,
  AvgPool1D,
  AvgPool2D,
  AvgPool3D,
  GlobalAveragePooling1D,
  GlobalAveragePooling2D,
  GlobalAveragePooling3D,
  GlobalAvgPool1D,
  GlobalAvgPool2D,
  GlobalAvgPool3D,
  GlobalMaxPool1D,
  GlobalMaxPool2D,
  GlobalMaxPool3D,
  GlobalMaxPooling1D,
  GlobalMaxPooling2D,
  GlobalMaxPooling3D,
  MaxPool1D,
  MaxPool2D,
  MaxPool3D,
  MaxPooling1D,
  MaxPooling2D,
  MaxPooling3D,
} from "../build/keras/layers/convolution/pooling.ts";
export {
  DepthwiseConv1D,
  DepthwiseConv2D,
  SeparableConv1D,
  SeparableConv2D,
  SeparableConvolution1D,
  SeparableConvolution2D,
} from "../build/keras/layers/convolution/separable.ts";
export {
  Activation,
  Dense,
  Flatten,
  Identity,
  Lambda,
  Masking,
  Permute,
  RepeatVector,
  Reshape,
} from "../build/keras/layers/core.ts";
export { InputSpec } from "../build/keras/layers/input_spec.ts";
export { Layer } from "../build/keras/layers/layer.ts";
export { Embedding } from "../build/keras/layers/lookup/embedding.ts";
export { DenseFeatures } from "../build/keras/layers/lookup/features.ts";
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
export { AbstractRNNCell } from "../build/keras/layers/recurrent/cell.ts";
export { GRUCell, LSTMCell, SimpleRNNCell } from "../build/keras/layers/recurrent/cells.ts";
export { ConvLSTM1D, ConvLSTM2D, ConvLSTM3D } from "../build/keras/layers/recurrent/conv_lstm.ts";
export { CuDNNGRU, CuDNNLSTM } from "../build/keras/layers/recurrent/cudnn.ts";
export { GRU, LSTM, SimpleRNN } from "../build/keras/layers/recurrent/layers.ts";
export { RNN } from "../build/keras/layers/recurrent/rnn.ts";
export { StackedRNNCells } from "../build/keras/layers/recurrent/stacked.ts";
export { Bidirectional, TimeDistributed, Wrapper } from "../build/keras/layers/recurrent/wrappers.ts";
export {
  ActivityRegularization,
  AlphaDropout,
  Dropout,
  GaussianDropout,
  GaussianNoise,
  SpatialDropout1D,
  SpatialDropout2D,
  SpatialDropout3D,
} from "../build/keras/layers/regularization/dropout.ts";
export { Input, InputLayer } from "../build/keras/network.ts";
export * from "./keras_layers_and_keras_layers_experimental_preprocessing.ts";
export * as experimental from "./keras_layers_experimental.ts";
