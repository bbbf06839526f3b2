/** tf.initializers. Written by scripts/api.mjs. */
export { heNormal, heUniform, lecunNormal, lecunUniform } from "../build/initializers.ts";
