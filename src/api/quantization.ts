/** tf.quantization. Written by scripts/api.mjs. */
export { quantizeAndDequantize, quantizeAndDequantizeV2 } from "../ops/compute/quantize/quantize_and_dequantize.ts";
export * from "./quantization_and_tf.ts";
