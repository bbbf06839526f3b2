/**
 * What queues, readers, iterators and local variables hold at a checkpoint: facts in its `.state.json`, and arrays in its `.queues`, a
 * TFRecord file of TensorProtos.
 *
 *     .state.json   {"kept": {"localhost/queue/batch/fifo_queue": {"facts": …, "first": 0, "count": 2}, …}, "locals": {"epochs": 2}}
 *     .queues       record 0, 1: components of the queue; record 2: the local variable
 */
import { localVariables } from "../../../build/variables/initialize.ts";
import { NdArray } from "../../../core/nd_array.ts";
import { type Kept, keepsState } from "../../../graph/kept.ts";
import { framed } from "../../../io/record/framing.ts";
import { readRecords } from "../../../io/record/reader.ts";
import { decode, encode, pb } from "../../../proto/messages.ts";
import { fromTensorProto, toTensorProto } from "../../../proto/tensor_proto.ts";
import type { Session } from "../../../session/session.ts";

/** Behind the prefix of a checkpoint. */
export const queuesSuffix = ".queues";

export interface KeptFacts {
  readonly kept: Readonly<Record<string, { readonly facts: unknown; readonly first: number; readonly count: number }>>;
  /** The record of each local variable. */
  readonly locals: Readonly<Record<string, number>>;
}

export interface KeptInputs extends KeptFacts {
  readonly arrays: readonly NdArray[];
}

/** What a session holds beside its variables at this moment. Local variables are those of the default graph. */
export function keepInputs(sess: Session): KeptInputs {
  const arrays: NdArray[] = [];
  const kept: Record<string, KeptFacts["kept"][string]> = {};
  for (const [key, object] of sess.state.keepers()) {
    const held: Kept | null = keepsState(object) ? object.kept() : object;
    if (!held) continue;
    kept[key] = { facts: held.facts, first: arrays.length, count: held.arrays.length };
    arrays.push(...held.arrays);
  }
  const locals: Record<string, number> = {};
  for (const variable of localVariables()) {
    const value = sess.state.readVariable(sess.state.variableOf(variable.op));
    if (!value) continue;
    locals[variable.op.name] = arrays.push(new NdArray(value.dtype, value.shape, value.data.slice() as never)) - 1;
  }
  return { kept, locals, arrays };
}

/** The bytes of a `.queues` file. */
export const encodeQueues = (arrays: readonly NdArray[]): Uint8Array =>
  Buffer.concat(arrays.map((array) => framed(encode(pb.TensorProto, toTensorProto(array)))));

/** The arrays of a `.queues` file. DATA_LOSS where a record is damaged. */
export const readQueues = (path: string): NdArray[] =>
  Array.from(readRecords(path, { maxRecordBytes: 2 ** 31 }), (bytes) => fromTensorProto(decode(pb.TensorProto, bytes)));

/** Gives a session what `keepInputs` took, before anything has run but the initializers. */
export function restoreInputs(sess: Session, { kept, locals }: KeptFacts, arrays: readonly NdArray[]): void {
  sess.state.owe(
    Object.entries(kept).map(([key, { facts, first, count }]) => [
      key,
      { facts, arrays: arrays.slice(first, first + count) },
    ]),
  );
  for (const variable of localVariables()) {
    const record = locals[variable.op.name];
    const value = record === undefined ? undefined : arrays[record];
    if (value) sess.state.writeVariable(sess.state.variableOf(variable.op), value);
  }
}
