/** tf.quantization. Written by scripts/api.mjs. */
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
export { quantizeAndDequantize, quantizeAndDequantizeV2 } from "../ops/compute/quantize/quantize_and_dequantize.ts";
