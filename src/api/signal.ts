/** tf.signal. Written by scripts/api.mjs. */
