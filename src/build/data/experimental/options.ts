/**
 * `tf.data.Options`: how an input pipeline is to be run. Each class is a table of its fields, and the message that a graph keeps is written
 * from the same table. Source: python/data/ops/options.py, dataset_options.proto
 */

import { AttributeError, TypeError, ValueError } from "../../../core/error.ts";
import { printValue } from "../../../core/print.ts";
import { pythonType } from "../../../core/text/python_type.ts";
import { snakeCase } from "../../layers/layer.ts";

/** A member of an enum. */
class Member {
  readonly name: string;
  readonly value: number;
  readonly #type: string;

  constructor(type: string, name: string, value: number) {
    this.#type = type;
    this.name = name;
    this.value = value;
  }

  toString(): string {
    return `${this.#type}.${this.name}`;
  }
}

const members = <N extends string>(type: string, values: Readonly<Record<N, number>>): Readonly<Record<N, Member>> =>
  Object.fromEntries(
    Object.entries<number>(values).map(([name, value]) => [name, new Member(type, name, value)]),
  ) as Record<N, Member>;

/** How a dataset is divided among workers. */
export const AutoShardPolicy = members("AutoShardPolicy", { OFF: -1, AUTO: 0, FILE: 1, DATA: 2, HINT: 3 });
export const AutotuneAlgorithm = members("AutotuneAlgorithm", {
  DEFAULT: 0,
  HILL_CLIMB: 1,
  GRADIENT_DESCENT: 2,
  MAX_PARALLELISM: 3,
  STAGE_BASED: 4,
});
/** What is done about state outside of a dataset when its iterator is saved. */
export const ExternalStatePolicy = members("ExternalStatePolicy", { WARN: 0, IGNORE: 1, FAIL: 2 });

/** The number of shards where `shard` is told them later. */
export const SHARD_HINT = -1;

type Kind = "bool" | "int" | "str" | "list" | Readonly<Record<string, Member>> | (new () => OptionsRecord);

/** A field: its number in the message, what it holds, and what it is at first. */
interface Field {
  readonly number: number;
  readonly kind: Kind;
  readonly initial?: () => unknown;
}

const mutation =
  "Mutating `tf.data.Options()` returned by `tf.data.Dataset.options()` has no effect. Use `tf.data.Dataset.with_options(options)` to set or update dataset options.";

/** Fields that are null until they are set. Setting checks the type: TypeError; ValueError for the options that a dataset gave. */
abstract class OptionsRecord {
  readonly #values = new Map<string, unknown>();
  #isFrozen = false;

  /** camelCase name -> field, in the order of the numbers. */
  abstract readonly fields: Readonly<Record<string, Field>>;

  get(name: string): unknown {
    const field = this.fields[name];
    if (!field) throw new AttributeError(`'${this.constructor.name}' object has no attribute '${snakeCase(name)}'`);
    if (!this.#values.has(name)) this.#values.set(name, initialOf(field));
    return this.#values.get(name);
  }

  set(name: string, value: unknown): void {
    if (this.#isFrozen) throw new ValueError(mutation);
    const field = this.fields[name];
    if (!field) throw new AttributeError(`Cannot set the property ${snakeCase(name)} on ${this.constructor.name}.`);
    if (!holds(field.kind, value)) {
      throw new TypeError(
        `Property "${snakeCase(name)}" must be of type ${kindText(field.kind)}, got: ${printValue([value]).slice(1, -1)} (type: <class '${pythonType(value)}'>)`,
      );
    }
    this.#values.set(name, value);
  }

  /** These options, which can be changed no more. */
  frozen(): this {
    this.#isFrozen = true;
    for (const name of Object.keys(this.fields)) {
      const value = this.get(name);
      if (value instanceof OptionsRecord) value.frozen();
    }
    return this;
  }

  /** What is set to something else than it was at first. */
  get changed(): readonly (readonly [string, unknown])[] {
    return Object.entries(this.fields).flatMap(([name, field]) => {
      const value = this.get(name);
      const first = initialOf(field);
      const isFirst = value instanceof OptionsRecord ? value.changed.length === 0 : value === first;
      return isFirst ? [] : [[name, value] as const];
    });
  }

  /** The message's bytes: nested messages always, other fields where they are set. */
  serialized(): Uint8Array {
    const bytes: number[] = [];
    for (const [name, { number, kind }] of Object.entries(this.fields).sort(([, a], [, b]) => a.number - b.number)) {
      writeField(bytes, number, this.get(name), typeof kind === "object" && kind === AutoShardPolicy);
    }
    return Uint8Array.from(bytes);
  }
}

const initialOf = ({ kind, initial }: Field): unknown =>
  initial ? initial() : typeof kind === "function" ? new kind() : null;

function holds(kind: Kind, value: unknown): boolean {
  if (kind === "bool") return typeof value === "boolean";
  if (kind === "int") return Number.isInteger(value) || typeof value === "boolean";
  if (kind === "str") return typeof value === "string";
  if (kind === "list") return Array.isArray(value);
  return typeof kind === "function" ? value instanceof kind : Object.values(kind).includes(value as Member);
}

function kindText(kind: Kind): string {
  if (typeof kind === "string") return `<class '${kind}'>`;
  if (typeof kind === "function") return `<class 'tensorflow.python.data.ops.options.${kind.name}'>`;
  return `<enum '${String(Object.values(kind)[0]).split(".")[0]}'>`;
}

function writeVarint(bytes: number[], value: number): void {
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    const low = Number(rest & 127n);
    if (rest < 128n) {
      bytes.push(low);
      return;
    }
    bytes.push(low | 128);
  }
}

function writeField(bytes: number[], number: number, value: unknown, leavesOutZero: boolean): void {
  if (value === null || value === undefined) return;
  if (Array.isArray(value)) {
    for (const each of value) writeField(bytes, number, each, false);
    return;
  }
  if (value instanceof OptionsRecord || typeof value === "string") {
    const inner = typeof value === "string" ? new TextEncoder().encode(value) : value.serialized();
    writeVarint(bytes, number * 8 + 2);
    writeVarint(bytes, inner.length);
    for (const byte of inner) bytes.push(byte);
    return;
  }
  const whole = value instanceof Member ? value.value : Number(value);
  if (whole === 0 && leavesOutZero) return;
  writeVarint(bytes, number * 8);
  writeVarint(bytes, whole);
}

/** Accessors for a class's fields. */
function withFields(type: { readonly prototype: OptionsRecord }, fields: Readonly<Record<string, Field>>): void {
  Object.defineProperty(type.prototype, "fields", { value: fields });
  for (const name of Object.keys(fields)) {
    Object.defineProperty(type.prototype, name, {
      get(this: OptionsRecord) {
        return this.get(name);
      },
      set(this: OptionsRecord, value: unknown) {
        this.set(name, value);
      },
    });
  }
}

const flag = (number: number): Field => ({ number, kind: "bool" });
const whole = (number: number): Field => ({ number, kind: "int" });
type Flag = boolean | null;
type Whole = number | null;

export class AutotuneOptions extends OptionsRecord {
  declare readonly fields: Readonly<Record<string, Field>>;
  declare enabled: Flag;
  declare cpuBudget: Whole;
  declare ramBudget: Whole;
  declare autotuneAlgorithm: Member | null;
  declare initialParallelism: Whole;
  declare minParallelism: Whole;
}
withFields(AutotuneOptions, {
  enabled: flag(1),
  cpuBudget: whole(2),
  ramBudget: whole(3),
  autotuneAlgorithm: { number: 4, kind: AutotuneAlgorithm },
  initialParallelism: whole(5),
  minParallelism: whole(6),
});

export class DistributeOptions extends OptionsRecord {
  declare readonly fields: Readonly<Record<string, Field>>;
  declare autoShardPolicy: Member;
  declare numDevices: Whole;
}
withFields(DistributeOptions, {
  autoShardPolicy: { number: 1, kind: AutoShardPolicy, initial: () => AutoShardPolicy.AUTO },
  numDevices: whole(2),
});

export class OptimizationOptions extends OptionsRecord {
  declare readonly fields: Readonly<Record<string, Field>>;
  declare applyDefaultOptimizations: Flag;
  declare filterFusion: Flag;
  declare filterParallelization: Flag;
  declare injectPrefetch: Flag;
  declare seqInterleavePrefetch: Flag;
  declare mapAndBatchFusion: Flag;
  declare mapAndFilterFusion: Flag;
  declare mapFusion: Flag;
  declare mapParallelization: Flag;
  declare noopElimination: Flag;
  declare parallelBatch: Flag;
  declare shuffleAndRepeatFusion: Flag;
}
withFields(OptimizationOptions, {
  applyDefaultOptimizations: flag(1),
  filterFusion: flag(6),
  mapAndBatchFusion: flag(9),
  mapAndFilterFusion: flag(10),
  mapFusion: flag(11),
  mapParallelization: flag(12),
  noopElimination: flag(14),
  parallelBatch: flag(15),
  shuffleAndRepeatFusion: flag(17),
  filterParallelization: flag(18),
  injectPrefetch: flag(19),
  seqInterleavePrefetch: flag(21),
});

export class ServiceOptions extends OptionsRecord {
  declare readonly fields: Readonly<Record<string, Field>>;
  declare pinned: Flag;
}
withFields(ServiceOptions, { pinned: flag(1) });

export class ThreadingOptions extends OptionsRecord {
  declare readonly fields: Readonly<Record<string, Field>>;
  declare maxIntraOpParallelism: Whole;
  declare privateThreadpoolSize: Whole;
}
withFields(ThreadingOptions, { maxIntraOpParallelism: whole(1), privateThreadpoolSize: whole(2) });

export class Options extends OptionsRecord {
  declare readonly fields: Readonly<Record<string, Field>>;
  declare autotune: AutotuneOptions;
  declare deterministic: Flag;
  declare experimentalDistribute: DistributeOptions;
  declare experimentalExternalStatePolicy: Member | null;
  declare experimentalOptimization: OptimizationOptions;
  declare experimentalService: ServiceOptions;
  declare experimentalSlack: Flag;
  declare experimentalSymbolicCheckpoint: Flag;
  declare experimentalWarmStart: Flag;
  declare datasetName: string | null;
  declare frameworkType: readonly string[] | null;
  declare threading: ThreadingOptions;

  /** An older name of `deterministic`. */
  get experimentalDeterministic(): Flag {
    return this.deterministic;
  }
  set experimentalDeterministic(value: boolean) {
    this.deterministic = value;
  }

  /** An older name of `threading`. */
  get experimentalThreading(): ThreadingOptions {
    return this.threading;
  }
  set experimentalThreading(value: ThreadingOptions) {
    this.threading = value;
  }

  /** These options, changed by what others set. */
  merge(options: Options): Options {
    return mergeOptions(this, options);
  }
}
withFields(Options, {
  deterministic: flag(1),
  experimentalDistribute: { number: 2, kind: DistributeOptions },
  experimentalOptimization: { number: 3, kind: OptimizationOptions },
  experimentalSlack: flag(4),
  threading: { number: 5, kind: ThreadingOptions },
  experimentalExternalStatePolicy: { number: 6, kind: ExternalStatePolicy },
  autotune: { number: 7, kind: AutotuneOptions },
  experimentalSymbolicCheckpoint: flag(8),
  experimentalWarmStart: flag(9),
  datasetName: { number: 10, kind: "str" },
  frameworkType: { number: 11, kind: "list" },
  experimentalService: { number: 12, kind: ServiceOptions },
});

/** New options with what each of these sets, later ones first. Throws TypeError for options of another class. */
export function mergeOptions<O extends OptionsRecord>(...list: readonly O[]): O {
  const type = list[0]!.constructor as new () => O;
  const result = new type();
  for (const options of list) {
    if (!(options instanceof type)) {
      throw new TypeError(
        `Could not merge incompatible options of type ${kindText(options as never)} and ${kindText(type as never)}.`,
      );
    }
    for (const [name, value] of options.changed) {
      const own = result.get(name);
      if (value instanceof OptionsRecord) result.set(name, mergeOptions(own as OptionsRecord, value));
      else result.set(name, name === "frameworkType" && own ? [...(own as []), ...(value as [])] : value);
    }
  }
  return result;
}
