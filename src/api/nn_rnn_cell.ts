/** tf.nn.rnnCell. Written by scripts/api.mjs. */
