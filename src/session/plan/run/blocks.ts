/** Engine memory for what nodes keep until their run is over: what loops store for their gradients. Blocks are used again, run after run. */
import { NdArray, viewElements } from "../../../core/nd_array.ts";
import { elementCount } from "../../../core/shape.ts";
import type { Engine } from "../../../engine/engine.ts";
import type { SessionState } from "../../state.ts";
import { copyIn, EngineValue, sizeBytesOf } from "../values.ts";

const key = "localhost/blocks/of the session";
/** Free blocks of more bytes than this in all are given back. */
const maxFreeBytes = 256 * 2 ** 20;

class Blocks {
  readonly #engine: Engine;
  readonly #free = new Map<number, number[]>();
  readonly #taken = new WeakMap<object, number[][]>();
  #freeBytes = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** A block until the run of these releases is over. */
  take(sizeBytes: number, releases: (() => void)[]): number {
    const size = Math.max(64, Math.ceil(sizeBytes / 64) * 64);
    const known = this.#free.get(size)?.pop();
    if (known !== undefined) this.#freeBytes -= size;
    const address = known ?? this.#engine.allocate(size);
    let taken = this.#taken.get(releases);
    if (!taken) {
      taken = [[], []];
      this.#taken.set(releases, taken);
      const ended = taken;
      releases.push(() => {
        this.#taken.delete(releases);
        for (const [i, each] of ended[0]!.entries()) this.#give(each, ended[1]![i]!);
      });
    }
    taken[0]!.push(address);
    taken[1]!.push(size);
    return address;
  }

  #give(address: number, size: number): void {
    if (this.#freeBytes + size > maxFreeBytes) {
      this.#engine.free(address);
      return;
    }
    this.#freeBytes += size;
    const free = this.#free.get(size);
    if (free) free.push(address);
    else this.#free.set(size, [address]);
  }

  close(): void {
    for (const addresses of this.#free.values()) for (const address of addresses) this.#engine.free(address);
    this.#free.clear();
    this.#freeBytes = 0;
  }
}

const known = new WeakMap<SessionState, Blocks>();

function blocksOf(state: SessionState): Blocks {
  let blocks = known.get(state);
  if (!blocks) {
    blocks = state.makeResource(key, () => new Blocks(state.engine)).resource;
    known.set(state, blocks);
  }
  return blocks;
}

/** A copy that lives until the run is over: numbers in engine memory, where segments read them without another copy. */
export function keepUntilEnd<T extends NdArray | EngineValue>(
  value: T,
  state: SessionState,
  releases: (() => void)[],
): T {
  return (value instanceof NdArray ? keepArray(value, state, releases) : keepLocated(value, state, releases)) as T;
}

function keepLocated(
  { dtype, shape, address: from }: EngineValue,
  state: SessionState,
  releases: (() => void)[],
): EngineValue {
  const sizeBytes = sizeBytesOf(dtype, shape);
  const address = blocksOf(state).take(sizeBytes, releases);
  state.engine.copy(address, from, sizeBytes);
  return new EngineValue(dtype, shape, address);
}

function keepArray(array: NdArray, state: SessionState, releases: (() => void)[]): NdArray {
  const { data, dtype, shape } = array;
  if (!ArrayBuffer.isView(data)) return new NdArray(dtype, shape, data.slice());
  const address = blocksOf(state).take(data.byteLength, releases);
  copyIn(state.engine, array, address);
  return new NdArray(dtype, shape, viewElements(dtype, state.engine.buffer, address, elementCount(shape)));
}
