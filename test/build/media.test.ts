/** Image files, Fourier transforms and sound, node for node: test/fixtures/build/media.py. */
import { expect, test } from "vitest";
import * as tf from "../../src/index.ts";
import { comparePrograms } from "./programs/compare.ts";
import { media } from "./programs/media.ts";

comparePrograms("media", media);

test("a random JPEG quality needs a range within 0 to 100", () =>
  new tf.Graph().asDefault(() => {
    const image = tf.placeholder(tf.uint8, [4, 4, 3]);
    expect(() => tf.image.randomJpegQuality(image, -1, 5)).toThrow("jpeg encoding range must be between 0 and 100.");
    expect(() => tf.image.randomJpegQuality(image, 5, 5)).toThrow(
      "`min_jpeg_quality` must be less than `max_jpeg_quality`.",
    );
  }));
