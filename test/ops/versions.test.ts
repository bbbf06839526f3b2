/** Arrays of which every version stays. */
import { expect, test } from "vitest";
import { Versions } from "../../src/ops/variant/versions.ts";

test("older versions stay as they were, whichever is asked", () => {
  const a = new Versions([1, 2]);
  const b = a.pushed(3);
  const c = b.with(0, 9);
  const d = c.popped().popped();
  const e = b.pushed(7);
  const all = [a, b, c, d, e];
  const wanted = [[1, 2], [1, 2, 3], [9, 2, 3], [9], [1, 2, 3, 7]];
  for (const order of [all, [...all].reverse(), [c, a, e, d, b]])
    for (const version of order) expect(version.toArray()).toEqual(wanted[all.indexOf(version)]);
  expect([a.length, d.length, e.get(3)]).toEqual([2, 1, 7]);
});

test("a long list is written and taken apart without copies", () => {
  let list = new Versions<number>([]);
  for (let i = 0; i < 200_000; i++) list = list.pushed(i);
  const full = list;
  let sum = 0;
  while (list.length) {
    sum += list.get(list.length - 1);
    list = list.popped();
  }
  expect(sum).toBe((199_999 * 200_000) / 2);
  expect(full.get(199_999)).toBe(199_999);
});
