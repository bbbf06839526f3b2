/** The embedding projector of TensorBoard: which tensors it shows, with which labels. Source: tensorboard/plugins/projector/__init__.py. */
import { join } from "node:path";
import { ValueError } from "../../core/error.ts";
import { nodeFiles, writeFileAtomic } from "../../io/file_system.ts";
import { type Message, type MessageClass, messageClass } from "../../proto/message.ts";
import type { pb } from "../../proto/messages.ts";

export type ProjectorConfig = Message<pb.ProjectorConfig.$Properties>;
/** What the projector shows: `config.embeddings.add()`, then the fields of the embedding. */
export const ProjectorConfig: MessageClass<pb.ProjectorConfig.$Properties> = messageClass("ProjectorConfig");

export type EmbeddingInfo = Message<pb.EmbeddingInfo.$Properties>;
/** One tensor of a checkpoint, or of a file, with the files of its labels and images. */
export const EmbeddingInfo: MessageClass<pb.EmbeddingInfo.$Properties> = messageClass("EmbeddingInfo");

export type SpriteMetadata = Message<pb.SpriteMetadata.$Properties>;
/** The image that holds a small one for each row. */
export const SpriteMetadata: MessageClass<pb.SpriteMetadata.$Properties> = messageClass("SpriteMetadata");

/** Writes projector_config.pbtxt to a folder, or to a writer's folder. Throws ValueError without a folder. */
export function visualizeEmbeddings(logdir: string | { getLogdir(): string }, config: ProjectorConfig): void {
  const folder = typeof logdir === "string" ? logdir : logdir?.getLogdir();
  if (folder === undefined || folder === null) throw new ValueError("Expected logdir to be a path, but got None");
  nodeFiles.mkdir(folder);
  writeFileAtomic(join(folder, "projector_config.pbtxt"), new TextEncoder().encode(String(config)));
}
