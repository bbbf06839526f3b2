/**
 * What a layer's configuration holds, class by class, in Keras' order: `name=default`, with `!` for what comes before the options.
 * Initializers, regularizers, constraints and activations go by what their names end in; `/2` is a size for each of two axes.
 * Source: get_config of the classes in tf_keras/src/layers.
 */
import { type Config, optionsFrom } from "./registry.ts";

const weighted = (name: string): string =>
  `${name}_initializer=glorot_uniform bias_initializer=zeros ${name}_regularizer bias_regularizer activity_regularizer ${name}_constraint bias_constraint`;
const convolution = (rank: number, end = "activation=linear use_bias=true "): string =>
  `kernel_size!/${rank} strides/${rank}=1 padding=valid data_format=channels_last dilation_rate/${rank}=1 groups=1 ${end}`;
const pooling = (rank: number): string =>
  rank === 1
    ? "strides/1=2 pool_size/1=2 padding=valid data_format=channels_last"
    : `pool_size/${rank}=2 padding=valid strides/${rank}=2 data_format=channels_last`;
const gates = (middle: string, isLayer: boolean): string =>
  `kernel_initializer=glorot_uniform recurrent_initializer=orthogonal bias_initializer=zeros ${middle}kernel_regularizer recurrent_regularizer bias_regularizer ${isLayer ? "activity_regularizer " : ""}kernel_constraint recurrent_constraint bias_constraint dropout=0 recurrent_dropout=0`;
const sequence =
  "return_sequences=false return_state=false go_backwards=false stateful=false unroll=false time_major=false ";
const recurrent = "units! activation=tanh recurrent_activation=hard_sigmoid use_bias=true ";
const separable = (rank: number): string =>
  `filters! ${convolution(rank)}${weighted("kernel")} depth_multiplier=1 depthwise_initializer=glorot_uniform pointwise_initializer=glorot_uniform depthwise_regularizer pointwise_regularizer depthwise_constraint pointwise_constraint`;
const depthwise = (rank: number): string =>
  `${convolution(rank)}bias_initializer=zeros bias_regularizer activity_regularizer bias_constraint depth_multiplier=1 depthwise_initializer=glorot_uniform depthwise_regularizer depthwise_constraint`;
const local = (rank: number): string =>
  `filters! kernel_size!/${rank} strides/${rank}=1 padding=valid data_format=channels_last activation=linear use_bias=true ${weighted("kernel")} implementation=1`;
const lstm2d = (rank: number): string =>
  `${sequence}filters! ${convolution(rank, "").replace(" groups=1", "")}activation=tanh recurrent_activation=hard_sigmoid use_bias=true ${gates("unit_forget_bias=true ", true)}`;
const transposed = (rank: number): string =>
  `filters! ${convolution(rank)}${weighted("kernel")} output_padding/${rank}`;
const scale =
  "center=true scale=true beta_initializer=zeros gamma_initializer=ones MOVING beta_regularizer gamma_regularizer beta_constraint gamma_constraint";
const whole = "data_format=channels_last keepdims=false";

const texts: Readonly<Record<string, string>> = {
  Activation: "activation!",
  ActivityRegularization: "l1=0 l2=0",
  AdditiveAttention: "dropout=0 use_scale=true",
  AlphaDropout: "rate! seed",
  Attention: "dropout=0 use_scale=false score_mode=dot",
  AveragePooling1D: pooling(1),
  AveragePooling2D: pooling(2),
  AveragePooling3D: pooling(3),
  BatchNormalization: `axis=-1 momentum=0.99 epsilon=0.001 ${scale.replace("MOVING", "moving_mean_initializer=zeros moving_variance_initializer=ones")}`,
  CategoryEncoding: "num_tokens output_mode=multi_hot sparse=false",
  CenterCrop: "height! width!",
  Concatenate: "axis=-1",
  Conv1D: `filters! ${convolution(1)}${weighted("kernel")}`,
  Conv2D: `filters! ${convolution(2)}${weighted("kernel")}`,
  Conv3D: `filters! ${convolution(3)}${weighted("kernel")}`,
  Conv1DTranspose: transposed(1),
  Conv2DTranspose: transposed(2),
  Conv3DTranspose: transposed(3).replace("dilation_rate/3=1 ", ""),
  ConvLSTM1D: lstm2d(1),
  ConvLSTM2D: lstm2d(2),
  ConvLSTM3D: lstm2d(3),
  Cropping1D: "cropping=[1,1]",
  Cropping2D: "cropping=[[0,0],[0,0]] data_format=channels_last",
  Cropping3D: "cropping=[[1,1],[1,1],[1,1]] data_format=channels_last",
  Dense: `units! activation=linear use_bias=true ${weighted("kernel")}`,
  DepthwiseConv1D: depthwise(1),
  DepthwiseConv2D: depthwise(2),
  Discretization: "bin_boundaries num_bins epsilon=0.01 output_mode=int sparse=false",
  Dot: "axes normalize=false",
  Dropout: "rate! noise_shape seed",
  ELU: "alpha=1",
  EinsumDense: `equation! output_shape! activation=linear bias_axes ${weighted("kernel")}`,
  Embedding:
    "input_dim! output_dim! embeddings_initializer=random_uniform embeddings_regularizer activity_regularizer embeddings_constraint mask_zero=false input_length",
  Flatten: "data_format=channels_last",
  GRU: `${sequence}${recurrent}${gates("", true)} implementation=1 reset_after=false`,
  GRUCell: `${recurrent}${gates("", false)} implementation=1 reset_after=false`,
  GaussianDropout: "rate! seed",
  GaussianNoise: "stddev! seed",
  GlobalAveragePooling1D: whole,
  GlobalAveragePooling2D: whole,
  GlobalAveragePooling3D: whole,
  GlobalMaxPooling1D: whole,
  GlobalMaxPooling2D: whole,
  GlobalMaxPooling3D: whole,
  Hashing: "num_bins! salt mask_value output_mode=int sparse=false",
  LSTM: `${sequence}${recurrent}${gates("unit_forget_bias=true ", true)} implementation=1`,
  LSTMCell: `${recurrent}${gates("unit_forget_bias=true ", false)} implementation=1`,
  LayerNormalization: `axis=-1 epsilon=0.001 ${scale.replace("MOVING ", "")}`,
  LeakyReLU: "alpha=0.30000001192092896",
  LocallyConnected1D: local(1),
  LocallyConnected2D: local(2),
  Masking: "mask_value=0",
  MaxPooling1D: pooling(1),
  MaxPooling2D: pooling(2),
  MaxPooling3D: pooling(3),
  MultiHeadAttention: `num_heads! key_dim! value_dim dropout=0 use_bias=true output_shape attention_axes ${weighted("kernel")} query_shape key_shape value_shape softmax_robust_masking=false`,
  Normalization: "axis=[-1] invert=false mean variance",
  PReLU: "alpha_initializer=zeros alpha_regularizer alpha_constraint shared_axes",
  Permute: "dims!",
  ReLU: "max_value negative_slope=0 threshold=0",
  RepeatVector: "n!",
  Rescaling: "scale! offset=0",
  Reshape: "target_shape!",
  Resizing: "height! width! interpolation=bilinear crop_to_aspect_ratio=false",
  SeparableConv1D: separable(1),
  SeparableConv2D: separable(2),
  SimpleRNN: `${sequence}${recurrent.replace("recurrent_activation=hard_sigmoid ", "")}${gates("", true)}`,
  SimpleRNNCell: `${recurrent.replace("recurrent_activation=hard_sigmoid ", "")}${gates("", false)}`,
  Softmax: "axis=-1",
  SpatialDropout1D: "rate! noise_shape seed",
  SpatialDropout2D: "rate! noise_shape seed",
  SpatialDropout3D: "rate! noise_shape seed",
  ThresholdedReLU: "theta=1",
  UpSampling1D: "size=2",
  UpSampling2D: "size/2=2 data_format=channels_last interpolation=nearest",
  UpSampling3D: "size/3=2 data_format=channels_last",
  ZeroPadding1D: "padding=[1,1]",
  ZeroPadding2D: "padding=[[1,1],[1,1]] data_format=channels_last",
  ZeroPadding3D: "padding=[[1,1],[1,1],[1,1]] data_format=channels_last",
};

export interface Entry {
  /** Python's name. */
  readonly name: string;
  readonly isPositional: boolean;
  /** As many equal sizes stand for one number; 0 where that is not so. */
  readonly sizes: number;
  readonly otherwise: unknown;
}

const known = new Map<string, readonly Entry[]>();

/** The entries of a class's configuration, or undefined for classes of one's own. */
export function entriesOf(className: string): readonly Entry[] | undefined {
  const text = texts[className];
  if (text === undefined) return undefined;
  let entries = known.get(className);
  if (!entries) {
    entries = text.split(" ").map((part): Entry => {
      const [left, right] = part.split("=") as [string, string | undefined];
      const [name, sizes = "0"] = left.replace("!", "").split("/") as [string, string?];
      return { name, isPositional: left.includes("!"), sizes: Number(sizes), otherwise: valueOf(right) };
    });
    known.set(className, entries);
  }
  return entries;
}

function valueOf(text: string | undefined): unknown {
  if (text === undefined) return null;
  return /^[-\d[{tf]/.test(text) && !/^(tanh|f[^a])/.test(text) ? JSON.parse(text) : text;
}

/** Classes of layers by name; models add theirs. Filled on import by those who know the classes. */
export const layerClasses = new Map<string, unknown>();

/** Arguments of a constructor from a configuration: those before the options, then the options. */
export function argumentsFrom(className: string, config: Config): unknown[] {
  const entries = entriesOf(className) ?? [];
  const before = entries.filter(({ isPositional }) => isPositional).map(({ name }) => config[name]);
  const rest = { ...config };
  for (const { name, isPositional } of entries) if (isPositional) delete rest[name];
  return [...before, optionsFrom(rest)];
}

/** What an option's name says of its value. */
export const kindOf = (name: string): string =>
  /(activation|initializer|regularizer|constraint)$/.exec(name)?.[1] ?? "";
