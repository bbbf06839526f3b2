/**
 * Datasets as graphs: the nodes that made them, tensors as constants. Functions are called by name and stay in the session's own library.
 * Source: dataset_ops.cc, serialization_utils.cc
 */
import { string, uint64 } from "../../../../core/dtype.ts";
import { invalidArgument } from "../../../../core/error.ts";
import { NdArray } from "../../../../core/nd_array.ts";
import { type AttrValue, unwrapAttr, wrapAttr } from "../../../../graph/attr.ts";
import type { AttrPlain, ComputeContext } from "../../../../graph/definition.ts";
import { argLength, isListArg } from "../../../../graph/infer.ts";
import { definitionOf } from "../../../../graph/op/registry.ts";
import { crc32c } from "../../../../io/crc.ts";
import { currentVersions, decodeGraphDef, encodeGraphDef, type NodeDefinition } from "../../../../proto/graph_def.ts";
import { constOp } from "../../../constant.ts";
import { defineOp } from "../../../define.ts";
import type { Dataset } from "../runtime/dataset.ts";
import { datasetOf } from "../runtime/define.ts";

const result = "_Retval";

/** The nodes of a dataset, what they need first. */
function nodesOf(dataset: Dataset): NodeDefinition[] {
  const nodes: NodeDefinition[] = [];
  const add = (type: string, inputs: readonly string[], attrs: ReadonlyMap<string, AttrValue>): string => {
    const name = `${type}/_${nodes.length}`;
    nodes.push({ name, op: type, inputs, device: "", attrs });
    return name;
  };
  const constant = (array: NdArray): string => {
    const definition = constOp.definition;
    const attrs = new Map(
      definition.attrs.map((attr) => [attr.name, wrapAttr(attr, attr.name === "dtype" ? array.dtype : array)]),
    );
    return add(definition.type, [], attrs);
  };
  const visit = ({ source }: Dataset): string => {
    const definition = definitionOf(source.type);
    const inputs = definition.inputs.flatMap((arg) => {
      const value = source.record[arg.name];
      return (isListArg(arg) ? (value as readonly NdArray[]) : [value as NdArray]).map((array) =>
        arg.dtype?.base === "variant" ? visit(datasetOf(array)) : constant(array),
      );
    });
    const attrs = new Map<string, AttrValue>();
    for (const attr of definition.attrs) {
      const plain = source.record[attr.name] as AttrPlain | undefined;
      if (plain !== undefined) attrs.set(attr.name, wrapAttr(attr, plain));
    }
    return add(source.type, inputs, attrs);
  };
  const last = visit(dataset);
  nodes.push({ name: "dataset", op: result, inputs: [last], device: "", attrs: new Map() });
  return nodes;
}

const graphOf = (dataset: Dataset): Uint8Array =>
  encodeGraphDef({ nodes: nodesOf(dataset), versions: currentVersions, library: null });

const toGraph = ({ input_dataset }: { readonly input_dataset: NdArray }): NdArray =>
  new NdArray(string, [], [graphOf(datasetOf(input_dataset))]);

export const datasetToGraphOp = defineOp("DatasetToGraph", {
  inputs: ["input_dataset: variant"],
  outputs: ["graph: string"],
  attrs: [
    "stateful_whitelist: list(string) >= 0 = []",
    "allow_stateful: bool = false",
    "strip_device_assignment: bool = false",
  ],
  shape: () => [[]],
  compute: toGraph,
  gradient: "unregistered",
});

export const datasetToGraphV2Op = defineOp("DatasetToGraphV2", {
  inputs: ["input_dataset: variant"],
  outputs: ["graph: string"],
  attrs: ["external_state_policy: int = 0", "strip_device_assignment: bool = false"],
  shape: () => [[]],
  compute: toGraph,
  gradient: "unregistered",
});

/** A number that equal datasets share. */
export const datasetFingerprintOp = defineOp("DatasetFingerprint", {
  inputs: ["input_dataset: variant"],
  outputs: ["fingerprint: uint64"],
  shape: () => [[]],
  compute({ input_dataset }) {
    const bytes = graphOf(datasetOf(input_dataset));
    return new NdArray(uint64, [], BigUint64Array.of((BigInt(crc32c(bytes)) << 32n) | BigInt(bytes.length)));
  },
  gradient: "unregistered",
});

/** What a graph of constants and datasets makes. Throws INVALID_ARGUMENT for other nodes. */
function evaluate(nodes: readonly NodeDefinition[], context: ComputeContext): NdArray {
  const values = new Map<string, NdArray>();
  for (const node of nodes) {
    const inputs = node.inputs.map((name) => values.get(name.split(":")[0]!)!);
    if (node.op === result) return inputs[0]!;
    const definition = definitionOf(node.op);
    const record: Record<string, unknown> = {};
    let at = 0;
    for (const arg of definition.inputs) {
      const n = argLength(arg, node.attrs);
      record[arg.name] = isListArg(arg) ? inputs.slice(at, at + n) : inputs[at];
      at += n;
    }
    for (const attr of definition.attrs) {
      const given = node.attrs.get(attr.name);
      record[attr.name] = given ? unwrapAttr(given) : attr.defaultValue;
    }
    const made = definition.value ? definition.value(record) : definition.compute?.(record, context);
    if (!(made instanceof NdArray))
      throw invalidArgument(`Node ${node.name} of type ${node.op} is neither a constant nor a dataset`);
    values.set(node.name, made);
  }
  throw invalidArgument("The graph does not return a dataset");
}

export const datasetFromGraphOp = defineOp("DatasetFromGraph", {
  inputs: ["graph_def: string"],
  outputs: ["handle: variant"],
  shape: () => [[]],
  compute({ graph_def }, context) {
    const { nodes } = decodeGraphDef((graph_def.data as readonly Uint8Array[])[0]!);
    return evaluate(nodes, context);
  },
  gradient: "unregistered",
});
