/** tf.contrib.tensorboard.plugins.projector. Written by scripts/api.mjs. */
export { EmbeddingInfo, ProjectorConfig, SpriteMetadata, visualizeEmbeddings } from "../train/contrib/projector.ts";
