/** The key under which a function says which of PrintV2's streams it stands for: `tf.logging.info` is "log(info)". */
export const streamKey: unique symbol = Symbol.for("tsflow.stream");
