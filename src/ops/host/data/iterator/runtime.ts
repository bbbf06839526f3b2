/** What iterators take from the session, beyond the run in which they were made. */
import type { RunContext } from "../../../../graph/definition.ts";
import type { Runtime } from "../runtime/dataset.ts";

/** Functions run as long as the signal (the run's, by default) is not aborted. */
export const iteratorRuntime = (context: RunContext, signal: AbortSignal = context.signal): Runtime => ({
  call: context.invoke,
  draw: (generator) => generator.next(),
  signal,
  prefix: "Iterator::Root",
});
