/** How collections of objects are written in a MetaGraphDef and read back. Source: tensorflow/python/framework/ops.py, register_proto_function. */
import { decode, encode, pb } from "../../proto/messages.ts";
import { GraphKeys } from "../collections.ts";
import type { CondContext } from "../control_flow/branch/cond_context.ts";
import { condFromProto, condToProto, whileFromProto, whileToProto } from "../control_flow/proto.ts";
import type { WhileContext } from "../control_flow/while_context.ts";
import { Variable } from "../variables/variable.ts";

export interface CollectionForm {
  /** The message of an item; null leaves it out (it lies outside the scope that is exported). */
  toBytes(item: unknown, exportScope: string | undefined): Uint8Array | null;
  fromBytes(bytes: Uint8Array, importScope: string | undefined): unknown;
}

const variables: CollectionForm = {
  toBytes(item, exportScope) {
    if (!(item instanceof Variable)) throw new TypeError(`${String(item)} is no variable`);
    const proto = item.toProto(exportScope);
    return proto && encode(pb.VariableDef, proto);
  },
  fromBytes: (bytes, importScope) => Variable.fromProto(decode(pb.VariableDef, bytes), importScope),
};

const forms = new Map<string, CollectionForm>([
  ...[
    GraphKeys.GLOBAL_VARIABLES,
    GraphKeys.TRAINABLE_VARIABLES,
    GraphKeys.MOVING_AVERAGE_VARIABLES,
    GraphKeys.LOCAL_VARIABLES,
    GraphKeys.MODEL_VARIABLES,
    GraphKeys.METRIC_VARIABLES,
    GraphKeys.GLOBAL_STEP,
  ].map((key): [string, CollectionForm] => [key, variables]),
  [
    GraphKeys.COND_CONTEXT,
    {
      toBytes: (item, scope) => encode(pb.CondContextDef, condToProto(item as CondContext, scope)),
      fromBytes: (bytes, scope) => condFromProto(decode(pb.CondContextDef, bytes), scope),
    },
  ],
  [
    GraphKeys.WHILE_CONTEXT,
    {
      toBytes: (item, scope) => encode(pb.WhileContextDef, whileToProto(item as WhileContext, scope)),
      fromBytes: (bytes, scope) => whileFromProto(decode(pb.WhileContextDef, bytes), scope),
    },
  ],
]);

/** Savers and queue runners say here what their messages are. */
export const registerCollectionForm = (key: string, form: CollectionForm): void => {
  forms.set(key, form);
};

export const formOf = (key: string): CollectionForm | undefined => forms.get(key);

/** Variables of several collections are one object. */
export const isVariableCollection = (key: string): boolean => forms.get(key) === variables;
