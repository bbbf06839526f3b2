/** Numbers in (0, 1) that are the same in every language: the generator of Park and Miller. */
export function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16807) % 2147483647;
    return state / 2147483647;
  };
}
