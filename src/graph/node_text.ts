/** A node as text: TensorFlow's NodeDef in protobuf's text format, and attrs as error messages print them. */
import { formatAttr } from "../proto/attr_value.ts";
import { toNodeProto } from "../proto/graph_def.ts";
import { encode, pb } from "../proto/messages.ts";
import { printText } from "../proto/text_format.ts";
import type { AttrValue } from "./attr.ts";
import { nodeDefinition } from "./graph_def.ts";
import type { Operation } from "./operation.ts";

export const nodeText = (op: Operation): string =>
  printText("NodeDef", encode(pb.NodeDef, toNodeProto(nodeDefinition(op))));

/** `T=DT_FLOAT` has DT_FLOAT here. Source: attr_value_util.cc, SummarizeAttrValue. */
export const attrText = (attr: AttrValue): string => formatAttr(attr);
