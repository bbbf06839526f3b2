import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blockBytes, createHeap } from "../../src/engine/heap.ts";
import { type Lifetime, planMemory } from "../../src/engine/plan/memory.ts";

const lifetime = fc
  .record({ sizeBytes: fc.nat(5000), from: fc.nat(20), length: fc.nat(8), isOutput: fc.boolean() })
  .map(({ sizeBytes, from, length, isOutput }) => ({
    sizeBytes,
    from,
    to: isOutput && length === 0 ? Number.POSITIVE_INFINITY : from + length,
  }));

describe("planMemory", () => {
  test("values that live at the same time never overlap", () => {
    fc.assert(
      fc.property(fc.array(lifetime, { maxLength: 40 }), fc.nat(1000), (list, salt) => {
        const lifetimes: Lifetime[] = list.map((x, id) => {
          // Some take over a value of the same size that ends where they begin.
          const over = list.findIndex(
            (y, k) => (k + salt) % 3 === 0 && y.to === x.from && y.from < x.from && y.sizeBytes === x.sizeBytes,
          );
          return { id, over: over >= 0 ? over : null, ...x };
        });
        const taken = new Set<number>();
        const unique = lifetimes.map((x) => {
          const over = x.over !== null && !taken.has(x.over) ? x.over : null;
          if (over !== null) taken.add(over);
          return { ...x, over };
        });
        const { offsets, sizeBytes } = planMemory(unique);
        for (const a of unique) {
          const at = offsets.get(a.id)!;
          expect(at % 64).toBe(0);
          expect(at + a.sizeBytes).toBeLessThanOrEqual(sizeBytes);
          for (const b of unique) {
            const isHandedOver = b.over === a.id || a.over === b.id;
            if (a.id >= b.id || isHandedOver || a.to < b.from || b.to < a.from) continue;
            const other = offsets.get(b.id)!;
            expect(at + a.sizeBytes <= other || other + b.sizeBytes <= at).toBe(true);
          }
        }
      }),
    );
  });

  test("very many values that live at the same time never overlap", () => {
    let state = 7;
    const next = (limit: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * limit);
    };
    const lifetimes: Lifetime[] = Array.from({ length: 5000 }, (_, id) => {
      const from = next(2000);
      const to = id % 100 === 0 ? Number.POSITIVE_INFINITY : from + next(id % 7 === 0 ? 500 : 5);
      return { id, sizeBytes: next(id % 11 === 0 ? 100_000 : 1000), from, to, over: null };
    });
    const { offsets, sizeBytes } = planMemory(lifetimes);
    for (let group = 0; group < 2600; group += 10) {
      const alive = lifetimes.filter((x) => x.from <= group && group <= x.to && x.sizeBytes > 0);
      const places = alive.map((x) => [offsets.get(x.id)!, offsets.get(x.id)! + x.sizeBytes] as const);
      places.sort((a, b) => a[0] - b[0]);
      for (let k = 1; k < places.length; k++) expect(places[k]![0]).toBeGreaterThanOrEqual(places[k - 1]![1]);
      expect(places.at(-1)?.[1] ?? 0).toBeLessThanOrEqual(sizeBytes);
    }
    const most = Math.max(
      ...Array.from({ length: 260 }, (_, k) =>
        lifetimes.reduce((sum, x) => (x.from <= 10 * k && 10 * k <= x.to ? sum + x.sizeBytes : sum), 0),
      ),
    );
    expect(sizeBytes).toBeLessThan(1.5 * most);
  });

  test("a chain of values of one size needs two buffers, and one if each takes over the last", () => {
    const chain = (over: boolean): Lifetime[] =>
      Array.from({ length: 10 }, (_, i) => ({
        id: i,
        sizeBytes: 640,
        from: i,
        to: i + 1,
        over: over && i > 0 ? i - 1 : null,
      }));
    expect(planMemory(chain(false)).sizeBytes).toBe(1280);
    expect(planMemory(chain(true)).sizeBytes).toBe(640);
  });
});

describe("heap", () => {
  test("blocks are zeroed, aligned, apart, and reused", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.oneof(fc.nat(5000), fc.nat(200_000)), fc.nat(10)), { maxLength: 60 }),
        (requests) => {
          const heap = createHeap({ limitBytes: 1 << 24, shared: false });
          const live: { address: number; size: number }[] = [];
          for (const [size, drop] of requests) {
            const address = heap.allocate(size);
            const bytes = new Uint8Array(heap.memory.buffer, address, size);
            expect(address % 64).toBe(0);
            expect(bytes.every((b) => b === 0)).toBe(true);
            for (const other of live) {
              expect(address + size <= other.address || other.address + other.size <= address).toBe(true);
            }
            bytes.fill(255);
            live.push({ address, size });
            if (drop < live.length) heap.free(live.splice(drop, 1)[0]!.address);
          }
          expect(heap.usage.bytes).toBe(live.reduce((sum, { size }) => sum + blockBytes(size), 0));
        },
      ),
    );
  });

  test("a block wastes at most a quarter", () => {
    for (let size = 257; size < 100_000; size += 97) {
      expect(blockBytes(size)).toBeGreaterThanOrEqual(size);
      expect(blockBytes(size)).toBeLessThanOrEqual(Math.max(size * 1.25, size + 64));
    }
  });

  test("repeated sizes do not grow the memory", () => {
    const heap = createHeap({ limitBytes: 1 << 26, shared: false });
    const round = () => {
      const blocks = [100, 5000, 300_000, 64].map(heap.allocate);
      for (const address of blocks) heap.free(address);
    };
    round();
    const before = heap.memory.buffer.byteLength;
    for (let i = 0; i < 1000; i++) round();
    expect(heap.memory.buffer.byteLength).toBe(before);
  });

  test("large blocks merge, so that other sizes fit in their place", () => {
    const heap = createHeap({ limitBytes: 1 << 26, shared: false });
    const blocks = Array.from({ length: 8 }, () => heap.allocate(1_000_000));
    const before = heap.memory.buffer.byteLength;
    for (const address of [1, 3, 2, 0, 6, 4, 7, 5].map((i) => blocks[i]!)) heap.free(address);
    for (const size of [3_000_000, 2_500_000, 2_400_000]) heap.allocate(size);
    expect(heap.memory.buffer.byteLength).toBe(before);
  });

  test("the limit is RESOURCE_EXHAUSTED and names the bytes wanted", () => {
    const heap = createHeap({ limitBytes: 1 << 21, shared: false });
    expect(() => heap.allocate(3_000_000)).toThrow(/3000000 bytes/);
    expect(heap.usage.bytes).toBe(0);
    expect(heap.allocate(1000)).toBeGreaterThan(0);
  });

  test("freeing twice is a bug", () => {
    const heap = createHeap({ limitBytes: 1 << 21, shared: false });
    const address = heap.allocate(10);
    heap.free(address);
    expect(() => heap.free(address)).toThrow("bug");
  });
});
