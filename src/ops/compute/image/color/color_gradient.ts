/** The gradient of RGBToHSV, node for node. Source: image_grad.py, _RGBToHSVGrad. */
import type { Tensor } from "../../../../graph/tensor.ts";
import type { GradientTools } from "../../../gradient_tools.ts";

interface Channel {
  readonly x: Tensor;
  /** 1 where the channel is the largest, and 1 where it is the smallest of the three. */
  readonly biggest: Tensor;
  readonly smallest: Tensor;
}

type Difference = readonly [Channel, Channel];

export function rgbToHsvGradient(tf: GradientTools, images: Tensor, output: Tensor, dy: Tensor): Tensor {
  const reds = images.at("...", 0);
  const greens = images.at("...", 1);
  const blues = images.at("...", 2);
  const saturation = output.at("...", 1);
  const value = output.at("...", 2);
  const dtype = images.dtype;
  const both = (a: Tensor, b: Tensor): Tensor => tf.cast(a.logicalAnd(b), dtype);
  const biggest = {
    red: both(reds.greaterEqual(blues), reds.greaterEqual(greens)),
    green: both(greens.greater(reds), greens.greaterEqual(blues)),
    blue: both(blues.greater(reds), blues.greater(greens)),
  };
  const smallest = {
    red: both(reds.less(blues), reds.less(greens)),
    green: both(greens.lessEqual(reds), greens.less(blues)),
    blue: both(blues.lessEqual(reds), blues.lessEqual(greens)),
  };
  const red: Channel = { x: reds, biggest: biggest.red, smallest: smallest.red };
  const green: Channel = { x: greens, biggest: biggest.green, smallest: smallest.green };
  const blue: Channel = { x: blues, biggest: biggest.blue, smallest: smallest.blue };

  const reciprocal = (x: Tensor): Tensor => tf.divNoNan(tf.cast(1, dtype), x);
  const positive = (c: Channel): Tensor => tf.cast(c.x.greater(0), dtype);
  const minus = ([a, b]: Difference): Tensor => a.x.sub(b.x);

  /** What a channel does to the saturation; a and b are the other two, in the order of the sums. */
  const ofSaturation = (c: Channel, [a, b]: Difference): Tensor =>
    positive(c).mul(
      tf.add(
        c.biggest.mul(tf.add(a.smallest.mul(a.x), b.smallest.mul(b.x))).mul(reciprocal(tf.square(c.x))),
        c.smallest.mul(-1).mul(reciprocal(a.biggest.mul(a.x).add(b.biggest.mul(b.x)))),
      ),
    );
  const dsDr = ofSaturation(red, [green, blue]);
  const dsDg = ofSaturation(green, [red, blue]);
  const dsDb = ofSaturation(blue, [green, red]);

  const own = (c: Channel, difference: Difference): Tensor =>
    positive(c)
      .mul(c.biggest)
      .mul(-1)
      .mul(minus(difference))
      .mul(reciprocal(tf.square(saturation)))
      .mul(reciprocal(tf.square(value)))
      .rmul(60);
  const squared = (most: Channel, least: Channel, difference: Difference, range: Difference): Tensor =>
    positive(most)
      .mul(most.biggest)
      .mul(least.smallest)
      .mul(minus(difference))
      .mul(reciprocal(tf.square(minus(range))))
      .rmul(60);
  const falling = (most: Channel, least: Channel): Tensor =>
    positive(most)
      .mul(most.biggest)
      .mul(least.smallest)
      .mul(-1)
      .mul(reciprocal(minus([most, least])))
      .rmul(60);
  const rising = (most: Channel, least: Channel): Tensor =>
    positive(most)
      .mul(most.biggest)
      .mul(least.smallest)
      .mul(reciprocal(minus([most, least])))
      .rmul(60);
  const degrees = (terms: readonly Tensor[]): Tensor => terms.reduce((a, b) => a.add(b)).div(360);

  const dhDr = degrees([
    own(red, [green, blue]),
    squared(green, red, [blue, green], [red, green]),
    falling(green, blue),
    squared(blue, red, [blue, green], [blue, red]),
    rising(blue, green),
  ]);
  const dhDg = degrees([
    own(green, [blue, red]),
    squared(red, green, [red, blue], [red, green]),
    rising(red, blue),
    squared(blue, green, [red, blue], [blue, green]),
    falling(blue, red),
  ]);
  const dhDb = degrees([
    own(blue, [red, green]),
    squared(red, blue, [green, red], [red, blue]),
    falling(red, green),
    squared(green, blue, [green, red], [green, blue]),
    rising(green, red),
  ]);

  const scaled = (channel: number, parts: readonly Tensor[]): Tensor =>
    tf.stack(
      parts.map((part) => dy.at("...", channel).mul(part)),
      { axis: -1 },
    );
  const ofValue = scaled(2, [red.biggest, green.biggest, blue.biggest]);
  const ofSaturations = scaled(1, [dsDr, dsDg, dsDb]);
  const ofHue = scaled(0, [dhDr, dhDg, dhDb]);
  return tf.add(tf.add(ofValue, ofSaturations), ofHue);
}
