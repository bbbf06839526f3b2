/** Names of tf.quantization and tf. Written by scripts/api.mjs. */
export { quantizedConcat } from "../ops/compute/quantize/calls.ts";
export {
  fakeQuantWithMinMaxArgs,
  fakeQuantWithMinMaxArgsGradient,
  fakeQuantWithMinMaxVars,
  fakeQuantWithMinMaxVarsGradient,
  fakeQuantWithMinMaxVarsPerChannel,
  fakeQuantWithMinMaxVarsPerChannelGradient,
} from "../ops/compute/quantize/fake_quant.ts";
export { dequantize, quantize } from "../ops/compute/quantize/quantize.ts";
