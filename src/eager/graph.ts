/** The default graph of eager execution: it keeps no nodes, its scopes only name. Source: context.py, ops.py. */

import { GraphKeys } from "../build/collections.ts";
import { Graph } from "../graph/graph.ts";
import type { Operation } from "../graph/operation.ts";
import { PythonRandom } from "../graph/parts/python_random.ts";
import { seedAttrs } from "../graph/parts/seeds.ts";
import { around } from "../graph/scopes.ts";

const libraryKeys: ReadonlySet<string> = new Set(Object.values(GraphKeys));

export class EagerGraph extends Graph {
  override readonly isEager = true;
  /** Called when the seed is set: random ops begin anew. */
  onSeed: () => void = () => {};
  #scope = "";
  #gradientNames: Readonly<Record<string, string>> | null = null;
  #seed: number | bigint | null = null;
  #draws: PythonRandom | null = null;

  constructor() {
    super();
    Object.defineProperty(this, "seed", {
      get: () => this.#seed,
      set: (seed: number | bigint | null) => {
        this.#seed = seed;
        this.#draws = seed === null ? null : new PythonRandom(seed);
        this.onSeed();
      },
    });
  }

  /** The name of a gradient function that ops of this type get here. */
  gradientName(type: string): string | undefined {
    return this.#gradientNames?.[type];
  }

  override nameScope<R>(name: string | null, fn: (scope: string) => R): R {
    const outer = this.#scope;
    this.#scope = !name ? "" : name.endsWith("/") ? name : `${outer}${name}/`;
    return around(
      () => fn(this.#scope),
      () => {
        this.#scope = outer;
      },
    );
  }

  override getNameScope(): string {
    return this.#scope.slice(0, -1);
  }

  override uniqueName(name: string): string {
    return this.#scope + name;
  }

  override device<R>(_: unknown, fn: () => R): R {
    return fn();
  }

  override colocateWith<R>(_: unknown, fn: () => R): R {
    return fn();
  }

  override attrScope<R>(_: unknown, fn: () => R): R {
    return fn();
  }

  override gradientOverrideMap<R>(names: Readonly<Record<string, string>>, fn: () => R): R {
    const outer = this.#gradientNames;
    this.#gradientNames = { ...outer, ...names };
    return around(fn, () => {
      this.#gradientNames = outer;
    });
  }

  /** Ops run in the order in which they are written. */
  override controlDependencies<R>(_: unknown, fn: () => R): R {
    return fn();
  }

  override initScope<R>(fn: () => R): R {
    return fn();
  }

  override setControlFlowContext(): void {}

  override createOp(): Operation {
    throw new Error("bug: a node is made while ops run at once");
  }

  /** The collections that the library itself fills stay empty, since they would keep what they hold for ever; the global step is the exception. */
  override addToCollection(name: string, value: unknown): void {
    if (name === GraphKeys.GLOBAL_STEP || !libraryKeys.has(name)) super.addToCollection(name, value);
  }

  override getCollectionRef<T = unknown>(name: string): T[] {
    return name === GraphKeys.GLOBAL_STEP || !libraryKeys.has(name) ? super.getCollectionRef(name) : [];
  }

  /** An op without a seed of its own draws one. Source: random_seed.py, get_seed. */
  override takeSeeds(opSeed: number | bigint | null | undefined): readonly [number, number] | readonly [null, null] {
    return seedAttrs(this.#seed, opSeed, () => this.#draws!.int31());
  }
}
