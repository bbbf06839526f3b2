import { setTimeout as wait } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { eagerMode } from "../../src/eager/mode.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import * as tf from "../../src/index.ts";
import { processEngine } from "../../src/session/default_engine.ts";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

/** Array buffers and the JavaScript heap after a collection. */
function usedBytes(): number {
  gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test("a hundred thousand ops leave neither arrays nor engine memory behind", async () => {
  const loop = (count: number): Tensor => {
    let x = tf.zeros([64]);
    for (let i = 0; i < count; i++) x = tf.add(x, 1);
    return x;
  };
  await eagerMode(async () => {
    loop(2000);
    const before = { used: usedBytes(), engine: processEngine().usage.bytes };
    const last = loop(100_000);
    expect(last.numpy().toList()).toEqual(new Array(64).fill(100_000));
    expect(processEngine().usage.bytes).toBe(before.engine);
    // Each tensor alone holds 256 bytes: all of them would be 25 MB and more.
    for (let i = 0; i < 20 && usedBytes() - before.used >= 5e6; i++) await wait(10); // buffers are swept a little later
    expect(usedBytes() - before.used).toBeLessThan(5e6);
  });
});

test("variables that nobody holds give their memory back", async () => {
  const before = processEngine().usage.bytes;
  eagerMode(() => {
    for (let i = 0; i < 60; i++) new tf.Variable(tf.zeros([10_000])).assignAdd(tf.ones([10_000]));
  });
  for (let i = 0; i < 20 && processEngine().usage.bytes - before > 5e5; i++) {
    gc();
    await wait(10);
  }
  expect(processEngine().usage.bytes - before).toBeLessThan(5e5);
});
