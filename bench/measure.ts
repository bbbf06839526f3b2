/** Timing by many short windows: the best window says what the code can do, the median what a noisy machine gave. */

export interface Timing {
  readonly bestUs: number;
  readonly medianUs: number;
}

const windowMs = 4;
/** Steps before the first window, and the time that they may take. */
const warmSteps = 20;
const warmMs = 200;

/** Microseconds a call of `step`, over windows of about 4 ms until `seconds` have passed. Results of the steps are used. */
export async function timeSteps(step: () => Promise<unknown> | unknown, seconds: number): Promise<Timing> {
  let sink: unknown;
  const until = performance.now() + warmMs;
  for (let i = 0; i < warmSteps && performance.now() < until; i++) sink = await step();
  const before = performance.now();
  sink = await step();
  const one = Math.max(performance.now() - before, 1e-4);
  const perWindow = Math.max(1, Math.floor(windowMs / one));
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || times.length < 3) {
    const start = performance.now();
    for (let i = 0; i < perWindow; i++) sink = await step();
    times.push(((performance.now() - start) / perWindow) * 1000);
  }
  if (sink === timeSteps) throw new Error("bug: a step gave the timer");
  times.sort((a, b) => a - b);
  return { bestUs: times[0]!, medianUs: times[times.length >> 1]! };
}

/** For steps that take what other loops have made ready: longer windows, in which those loops have their part. */
export async function timeWindows(step: () => Promise<unknown>, seconds: number, longMs: number): Promise<Timing> {
  for (let i = 0; i < 10; i++) await step();
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || times.length < 3) {
    const start = performance.now();
    let steps = 0;
    while (performance.now() - start < longMs) {
      await step();
      steps++;
    }
    times.push(((performance.now() - start) / steps) * 1000);
  }
  times.sort((a, b) => a - b);
  return { bestUs: times[0]!, medianUs: times[times.length >> 1]! };
}

/** The same for a step that needs no promise. */
export function timeSync(step: () => unknown, seconds: number): Timing {
  let sink: unknown;
  const until = performance.now() + warmMs;
  for (let i = 0; i < warmSteps && performance.now() < until; i++) sink = step();
  const before = performance.now();
  sink = step();
  const perWindow = Math.max(1, Math.floor(windowMs / Math.max(performance.now() - before, 1e-4)));
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || times.length < 3) {
    const start = performance.now();
    for (let i = 0; i < perWindow; i++) sink = step();
    times.push(((performance.now() - start) / perWindow) * 1000);
  }
  if (sink === timeSync) throw new Error("bug: a step gave the timer");
  times.sort((a, b) => a - b);
  return { bestUs: times[0]!, medianUs: times[times.length >> 1]! };
}

/** Best of both timings. */
export const better = (a: Timing, b: Timing): Timing => ({
  bestUs: Math.min(a.bestUs, b.bestUs),
  medianUs: Math.min(a.medianUs, b.medianUs),
});
