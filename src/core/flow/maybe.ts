/**
 * Steps that wait only where they must: as long as nothing is a promise, the result is there at once.
 *
 *     const next = (): Maybe<Row | null> =>
 *       flow(function* () {
 *         const bytes = yield* now(file.read(10));
 *         return bytes.length > 0 ? rowOf(bytes) : null;
 *       });
 */
export type Maybe<T> = T | Promise<T>;

/** Steps of a flow; what it gives out are promises to wait for. */
export type Steps<T> = Generator<Promise<unknown>, T, unknown>;

/** The value; inside a flow, which waits for it where it is a promise. */
export function* now<T>(value: Maybe<T>): Steps<T> {
  return value instanceof Promise ? ((yield value) as T) : value;
}

/** Runs the steps: their result, or a promise from the first one on that waits. Errors of promises are thrown where the steps wait. */
export const flow = <T>(steps: Steps<T> | (() => Steps<T>)): Maybe<T> => {
  const begun = typeof steps === "function" ? steps() : steps;
  return advance(begun, begun.next());
};

function advance<T>(steps: Steps<T>, { done, value }: IteratorResult<Promise<unknown>, T>): Maybe<T> {
  if (done) return value as T;
  return (value as Promise<unknown>).then(
    (result) => advance(steps, steps.next(result)),
    (error) => advance(steps, steps.throw(error)),
  );
}

/** `then` of the value, at once where it is there. */
export const after = <T, R>(value: Maybe<T>, then: (value: T) => Maybe<R>): Maybe<R> =>
  value instanceof Promise ? value.then(then) : then(value);

let isHurried = false;

/** Must what runs be done when it returns? Then files are read by calls that hold the thread. */
export const mustBeDone = (): boolean => isHurried;

/** Runs it with files read at once. */
export function atOnce<T>(run: () => T): T {
  const before = isHurried;
  isHurried = true;
  try {
    return run();
  } finally {
    isHurried = before;
  }
}
