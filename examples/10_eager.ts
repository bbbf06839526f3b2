/** 10. Eager execution: operations at once, a tape that knows their gradients, and a fit with two plots. */
import { writeFileSync } from "node:fs";
import * as tf from "tsflow";
import { plot } from "./support/plot.ts";

tf.enableEagerExecution();

const two = tf.ones([10, 10]).mul(2);
console.log(two);

const v = new tf.Variable(1);
console.log(v.numpy());
v.assign(3);
console.log(v.numpy());
v.assign(tf.square(v));
console.log(v.numpy());

class Model {
  readonly W = new tf.Variable(5);
  readonly b = new tf.Variable(0);

  predict(x: tf.TensorLike): tf.Tensor {
    return this.W.mul(x).add(this.b);
  }
}

const model = new Model();
console.log(model.predict(3).numpy());

// A thousand points of y = 3 x + 2, with noise.
tf.setRandomSeed(1);
const xs = tf.randomNormal([1000]);
const noise = tf.randomNormal([1000]);
const ys = xs.mul(3).add(2).add(noise);

const loss = (predicted: tf.Tensor, wanted: tf.Tensor): tf.Tensor => tf.reduceMean(tf.square(predicted.sub(wanted)));
const points = (values: tf.Tensor) => values.numpy().data as Float32Array;

console.log(`current loss: ${Number(loss(model.predict(xs), ys).numpy()).toFixed(5)}`);
writeFileSync(
  "data.svg",
  plot("data and prediction", [
    { label: "data", x: points(xs), y: points(ys), color: "steelblue" },
    { label: "prediction", x: points(xs), y: points(model.predict(xs)), color: "firebrick" },
  ]),
);

const [Ws, bs]: [number[], number[]] = [[], []];
for (let epoch = 0; epoch < 10; epoch++) {
  Ws.push(Number(model.W.numpy()));
  bs.push(Number(model.b.numpy()));
  const current = Number(loss(model.predict(xs), ys).numpy());
  const tape = new tf.GradientTape();
  const value = loss(model.predict(xs), ys);
  const [dW, db] = tape.gradient(value, [model.W, model.b]);
  model.W.assignSub(tf.multiply(0.1, dW));
  model.b.assignSub(tf.multiply(0.1, db));
  const row = `W=${Ws.at(-1)!.toFixed(2)} b=${bs.at(-1)!.toFixed(2)}, loss=${current.toFixed(5)}`;
  console.log(`Epoch ${String(epoch).padStart(2)}: ${row}`);
}

const epochs = Ws.map((_, i) => i);
const flat = (value: number) => epochs.map(() => value);
writeFileSync(
  "fit.svg",
  plot("W and b on their way", [
    { label: "W", x: epochs, y: Ws, color: "firebrick", style: "line" },
    { label: "b", x: epochs, y: bs, color: "steelblue", style: "line" },
    { label: "true W", x: epochs, y: flat(3), color: "firebrick", style: "dashed" },
    { label: "true b", x: epochs, y: flat(2), color: "steelblue", style: "dashed" },
  ]),
);
console.log("data.svg, fit.svg");
