/** The projector's file as TensorBoard's own function writes it. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as tf from "../../../src/index.ts";

test("an embedding's name, labels and sprite are in projector_config.pbtxt", () => {
  const folder = mkdtempSync(join(tmpdir(), "tsflow-projector-"));
  try {
    const { ProjectorConfig, visualizeEmbeddings } = tf.contrib.tensorboard.plugins.projector;
    const config = new ProjectorConfig();
    const embedding = config.embeddings.add();
    embedding.tensorName = "embedding:0";
    embedding.metadataPath = "vocab.tsv";
    embedding.sprite.imagePath = "sprite.png";
    embedding.sprite.singleImageDim.extend([28, 28]);
    visualizeEmbeddings(join(folder, "logs"), config);
    expect(readFileSync(join(folder, "logs/projector_config.pbtxt"), "utf8")).toBe(
      'embeddings {\n  tensor_name: "embedding:0"\n  metadata_path: "vocab.tsv"\n  sprite {\n    image_path: "sprite.png"\n    single_image_dim: 28\n    single_image_dim: 28\n  }\n}\n',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
