/** Stages that may wait: each starts as soon as those before it are done. */

/** What a set of stages needs to know of its order, for all runs. */
export interface StageOrder {
  /** How many stages come before each one. */
  readonly before: Int32Array;
  /** The stages that come after each one. */
  readonly users: readonly (readonly number[])[];
  /** Those with none before them. */
  readonly roots: readonly number[];
}

export function orderOf(stages: readonly { readonly after: readonly number[] }[]): StageOrder {
  const users: number[][] = stages.map(() => []);
  for (const [i, stage] of stages.entries()) for (const before of stage.after) users[before]!.push(i);
  return {
    before: Int32Array.from(stages, (stage) => stage.after.length),
    users,
    roots: stages.flatMap((stage, i) => (stage.after.length === 0 ? [i] : [])),
  };
}

/** Runs all stages; the first error cancels what still waits, and is thrown when nothing waits any more. */
export function runWaiting(
  { before, users, roots }: StageOrder,
  run: (stage: number) => void | Promise<void>,
  cancel: () => void,
): Promise<void> {
  const waiting = before.slice();
  return new Promise((resolve, reject) => {
    let left = waiting.length;
    let pending = 0;
    let failure: { error: unknown } | null = null;
    const fail = (error: unknown): void => {
      if (failure) return;
      failure = { error };
      cancel();
    };
    const settle = (): void => {
      if (failure && pending === 0) reject(failure.error);
      else if (left === 0) resolve();
    };
    const later = (i: number, result: Promise<void>): void => {
      pending++;
      result.then(
        () => {
          pending--;
          advance(finish(i, []));
        },
        (error) => {
          pending--;
          fail(error);
          settle();
        },
      );
    };
    /** Adds the stages that waited for this one alone. */
    const finish = (i: number, ready: number[]): number[] => {
      left--;
      for (const user of users[i]!) if (--waiting[user]! === 0) ready.push(user);
      return ready;
    };
    const advance = (ready: number[]): void => {
      for (let k = 0; k < ready.length && !failure; k++) {
        const i = ready[k]!;
        try {
          const result = run(i);
          if (result instanceof Promise) later(i, result);
          else finish(i, ready);
        } catch (error) {
          fail(error);
        }
      }
      settle();
    };
    advance([...roots]);
  });
}
