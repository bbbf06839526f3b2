/** tf.image, node for node: test/fixtures/build/images.py. */
import { expect, test } from "vitest";
import * as tf from "../../src/index.ts";
import { comparePrograms } from "./programs/compare.ts";
import { images } from "./programs/images.ts";

comparePrograms("images", images);

const image = (...shape: (number | null)[]) => tf.placeholder(tf.float32, shape);

test("says what does not fit", () =>
  new tf.Graph().asDefault(() => {
    expect(() => tf.image.flipLeftRight(image(2, 3))).toThrow(
      "'image' (shape (2, 3)) must be at least three-dimensional.",
    );
    expect(() => tf.image.rot90(image(1, 1, 2, 3, 1))).toThrow("must have either 3 or 4 dimensions.");
    expect(() => tf.image.cropToBoundingBox(image(4, 4, 1), 2, 0, 3, 3)).toThrow("height must be >= target + offset.");
    expect(() => tf.image.padToBoundingBox(image(4, 4, 1), 0, 3, 6, 6)).toThrow("width must be <= target - offset");
    expect(() => tf.image.centralCrop(image(4, 4, 1), 1.5)).toThrow("central_fraction must be within (0, 1]");
    expect(() => tf.image.resizeImages(image(4, 4), [2, 2])).toThrow("'images' must have either 3 or 4 dimensions.");
    expect(() => tf.image.randomHue(image(4, 4, 3), 0.7)).toThrow("max_delta must be <= 0.5.");
    expect(() => tf.image.convertImageDtype(image(4, 4, 3), tf.string)).toThrow("dtype must be either floating");
  }));
