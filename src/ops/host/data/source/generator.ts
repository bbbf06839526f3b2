/** Elements that functions make: one for the state, one for each next element, one at the end. Source: generator_dataset_op.cc */
import { OpError, OutOfRangeError } from "../../../../core/error.ts";
import { flow, type Maybe, now } from "../../../../core/flow/maybe.ts";
import { captured } from "../runtime/captured.ts";
import { type DataIterator, type Element, unknown } from "../runtime/dataset.ts";
import { defineDataset, metadata, typed } from "../runtime/define.ts";

export const generatorDatasetOp = defineDataset("GeneratorDataset", {
  inputs: [
    "init_func_other_args: Tinit_func_args",
    "next_func_other_args: Tnext_func_args",
    "finalize_func_other_args: Tfinalize_func_args",
  ],
  attrs: [
    "init_func: func",
    "next_func: func",
    "finalize_func: func",
    "Tinit_func_args: list(type) >= 0",
    "Tnext_func_args: list(type) >= 0",
    "Tfinalize_func_args: list(type) >= 0",
    ...typed,
    metadata,
  ],
  stateful: true,
  make(op, title) {
    const start = captured(op.init_func, op.init_func_other_args, title);
    const step = captured(op.next_func, op.next_func_other_args);
    const finish = captured(op.finalize_func, op.finalize_func_other_args);
    return {
      cardinality: () => unknown,
      iterate(runtime): DataIterator {
        let state: Element | null = null;
        let isDone = false;
        const end = (): Maybe<unknown> => {
          if (isDone) return null;
          isDone = true;
          return state && finish(runtime, state);
        };
        return {
          next: () =>
            flow<Element | null>(function* () {
              if (isDone) return null;
              state ??= yield* now(start(runtime, []));
              try {
                return yield* now(step(runtime, state));
              } catch (error) {
                if (!(error instanceof OutOfRangeError)) throw error;
                yield* now(end());
                return null;
              }
            }),
          close() {
            const forgiven = (error: unknown): void => {
              if (!(error instanceof OpError)) throw error;
            };
            try {
              const ended = end();
              if (ended instanceof Promise) ended.catch(forgiven);
            } catch (error) {
              forgiven(error);
            }
          },
        };
      },
    };
  },
});
