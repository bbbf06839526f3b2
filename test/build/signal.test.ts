/** tf.signal's windows, frames and spectra against TensorFlow's values (test/fixtures/signal). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import * as tf from "../../src/index.ts";

const path = join(import.meta.dirname, "../fixtures/signal/signal.json");
const { input, values } = JSON.parse(readFileSync(path, "utf8")) as {
  readonly input: number[][];
  readonly values: Record<string, number[] | number[][] | number[][][]>;
};

const s = tf.signal;
const x = (): tf.Tensor => tf.constant(input, tf.float32);
const spectrum = (): tf.Tensor => s.stft(x(), 8, 4);
const programs: Record<string, () => tf.Tensor> = {
  hann: () => s.hannWindow(8),
  hann_odd: () => s.hannWindow(7),
  hann_symmetric: () => s.hannWindow(8, { periodic: false }),
  hann_one: () => s.hannWindow(1),
  hamming: () => s.hammingWindow(6),
  vorbis: () => s.vorbisWindow(6),
  frame: () => s.frame(x(), 6, 4),
  frame_padded: () => s.frame(x(), 6, 4, { padEnd: true, padValue: -1 }),
  overlap: () => s.overlapAndAdd(tf.reshape(tf.cast(tf.range(24), tf.float32) as tf.Tensor, [2, 3, 4]), 2),
  stft_real: () => tf.real(spectrum()),
  stft_imag: () => tf.imag(spectrum()),
  stft_padded: () => tf.abs(s.stft(x(), 6, 3, { fftLength: 16, windowFn: null, padEnd: true })),
  inverse: () => s.inverseStft(spectrum(), 8, 4),
  dct: () => s.dct(x()),
  dct_ortho: () => s.dct(x(), { norm: "ortho" }),
  idct: () => s.idct(x()),
  idct_ortho: () => s.idct(x(), { norm: "ortho" }),
  dct_3: () => s.dct(x(), { type: 3 }),
  dct_1: () => s.dct(x(), { type: 1 }),
  dct_4: () => s.dct(x(), { type: 4 }),
  dct_4_ortho: () => s.dct(x(), { type: 4, norm: "ortho" }),
  idct_1: () => s.idct(x(), { type: 1 }),
  kaiser: () => s.kaiserWindow(8),
  kaiser_beta: () => s.kaiserWindow(7, { beta: 4 }),
  kaiser_derived: () => s.kaiserBesselDerivedWindow(8),
  undone: () => s.inverseStftWindowFn(4)(8, {}),
  mdct: () => s.mdct(x(), 8),
  mdct_ortho: () => s.mdct(x(), 8, { norm: "ortho", windowFn: null }),
  inverse_mdct: () => s.inverseMdct(s.mdct(x(), 8)),
  inverse_mdct_ortho: () => s.inverseMdct(s.mdct(x(), 8, { norm: "ortho" }), { norm: "ortho" }),
  mel: () => s.linearToMelWeightMatrix({ numMelBins: 6, numSpectrogramBins: 33 }),
  mfcc: () => s.mfccsFromLogMelSpectrograms(x()),
};

describe("tf.signal", () => {
  test("every value of TensorFlow's is compared", () => {
    expect(Object.keys(programs).sort()).toEqual(Object.keys(values).sort());
  });

  test.each(Object.keys(programs))("%s", (name) =>
    new Graph().asDefault(async () => {
      const tensor = programs[name]!();
      await using sess = new tf.Session();
      const got = await sess.run(tensor);
      const wanted = values[name]!.flat(3);
      expect(got.size).toBe(wanted.length);
      // float32 sums of up to 32 products of numbers below 1
      for (const [i, want] of wanted.entries()) expect(Math.abs(Number(got.data[i]) - want)).toBeLessThan(3e-5);
    }),
  );
});
