/** What computes, and with how many threads: the flags of every command that runs a graph. */
import type { FlagSpecs, FlagsOf } from "../../core/flags/value.ts";
import { flag } from "../../core/flags.ts";
import { processorCount } from "../../core/host.ts";

export const engineFlags = {
  engine: flag.enum(
    "auto",
    ["auto", "wasm", "native", "reference"],
    "what computes: native libraries where found; WebAssembly alone; native or an error; plain loops",
  ),
  threads: flag.int(0, "threads of the engine; 0: by the machine", { min: 0 }),
} satisfies FlagSpecs;

const defaultThreads = (): number => Math.min(8, processorCount());

/** Chooses the engine of the sessions to come, and gives its threads. Throws FAILED_PRECONDITION (exit 2) for native without a library. */
export async function takeEngine({ engine, threads }: FlagsOf<typeof engineFlags>): Promise<number> {
  const { chooseEngine } = await import("../../session/default_engine.ts");
  const count = threads || defaultThreads();
  chooseEngine(engine as "auto", count);
  return count;
}
