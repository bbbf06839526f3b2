/** Stages that may wait: each starts as soon as those before it are done. */

/** Runs all stages; the first error cancels what still waits, and is thrown when nothing waits any more. */
export function runWaiting<S extends { readonly after: readonly number[] }>(
  stages: readonly S[],
  run: (stage: S) => void | Promise<void>,
  cancel: () => void,
): Promise<void> {
  const waiting = stages.map((stage) => stage.after.length);
  const users: number[][] = stages.map(() => []);
  for (const [i, stage] of stages.entries()) for (const before of stage.after) users[before]!.push(i);
  return new Promise((resolve, reject) => {
    let left = stages.length;
    let pending = 0;
    let failure: { error: unknown } | null = null;
    const fail = (error: unknown): void => {
      if (!failure) {
        failure = { error };
        cancel();
      }
    };
    const settle = (): void => {
      if (failure && pending === 0) reject(failure.error);
      else if (left === 0) resolve();
    };
    const start = (first: number): void => {
      const ready = [first];
      while (ready.length && !failure) {
        const i = ready.shift()!;
        try {
          const result = run(stages[i]!);
          if (result instanceof Promise) {
            pending++;
            result.then(
              () => {
                pending--;
                done(i);
              },
              (error) => {
                pending--;
                fail(error);
                settle();
              },
            );
          } else ready.push(...finish(i));
        } catch (error) {
          fail(error);
        }
      }
      settle();
    };
    const finish = (i: number): number[] => {
      left--;
      return users[i]!.filter((user) => --waiting[user]! === 0);
    };
    const done = (i: number): void => {
      const next = finish(i);
      if (next.length === 0 || failure) settle();
      for (const user of next) start(user);
    };
    const roots = stages.flatMap((stage, i) => (stage.after.length === 0 ? [i] : []));
    if (roots.length === 0) settle();
    for (const root of roots) start(root);
  });
}
