/** Timing by many short windows: the best window says what the code can do, the median what a noisy machine gave. */

export interface Timing {
  readonly bestUs: number;
  readonly medianUs: number;
}

const windowMs = 4;

/** Microseconds a call of `step`, over windows of about 4 ms until `seconds` have passed. Results of the steps are used. */
export async function timeSteps(step: () => Promise<unknown> | unknown, seconds: number, warm = 20): Promise<Timing> {
  let sink: unknown;
  for (let i = 0; i < warm; i++) sink = await step();
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

/** Microseconds a step on average: for steps that take what other loops have made ready, whose best window says nothing. */
export async function meanOfSteps(step: () => Promise<unknown>, seconds: number, warm = 20): Promise<number> {
  for (let i = 0; i < warm; i++) await step();
  const start = performance.now();
  let steps = 0;
  while (performance.now() - start < seconds * 1000 || steps < 3) {
    await step();
    steps++;
  }
  return ((performance.now() - start) * 1000) / steps;
}

/** The same for a step that needs no promise. */
export function timeSync(step: () => unknown, seconds: number, warm = 20): Timing {
  let sink: unknown;
  for (let i = 0; i < warm; i++) sink = step();
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
