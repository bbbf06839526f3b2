/** The reports of a short run: resumed at 600 of 2000, one evaluation and one save, then the end. */
import type { EndReport, Report, StepReport } from "../../src/train/report.ts";

export const startTime = 1754049665;

export const start: Report = {
  event: "start",
  time: startTime,
  version: "0.1.0",
  model: "digits_softmax",
  modelDir: "runs/mnist",
  seed: 1234,
  engine: "wasm-simd",
  threads: 4,
  params: 7850,
  maxStep: 2000,
};

export const resume: Report = {
  event: "resume",
  time: startTime,
  step: 600,
  checkpoint: "model.ckpt-600",
  remaining: 1400,
};

export const stepAt = (step: number, time: number, loss = 0.33021): StepReport => ({
  event: "step",
  time,
  step,
  loss,
  metrics: { accuracy: 0.907 },
  lr: 0.5,
  stepsPerSec: 806.1234,
  examplesPerSec: 81200,
  etaSeconds: 1.2,
});

export const evaluation: Report = {
  event: "eval",
  time: startTime + 3,
  step: 800,
  loss: 0.3121,
  metrics: { accuracy: 0.9105 },
  best: true,
};

export const save: Report = {
  event: "save",
  time: startTime + 3,
  step: 800,
  path: "runs/mnist/model.ckpt-800",
  bytes: 31544,
  ms: 12.4,
};

export const end: EndReport = {
  event: "end",
  time: startTime + 4.04,
  step: 2000,
  reason: "max_step",
  steps: 1400,
  seconds: 2.5,
  loss: 0.2651,
  metrics: { accuracy: 0.9213 },
  best: { name: "accuracy", value: 0.9213, step: 2000 },
  checkpoint: "runs/mnist/model.ckpt-2000",
  exit: 0,
};

export const run: readonly Report[] = [start, resume, stepAt(700, startTime + 1), evaluation, save, end];
