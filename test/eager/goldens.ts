/** Runs the op cases of the goldens one op at a time: each node of the case's graph at once, its gradients from a tape. */
import { UpdatedVariable } from "../../src/build/variables/updated.ts";
import { OpError } from "../../src/core/error.ts";
import { eagerMode } from "../../src/eager/mode.ts";
import { GradientTape } from "../../src/eager/tape/gradient_tape.ts";
import { importGraphDefinition } from "../../src/graph/def/import.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { IndexedSlices } from "../../src/graph/indexed_slices.ts";
import { recordOf } from "../../src/graph/infer.ts";
import type { Operation } from "../../src/graph/operation.ts";
import { Tensor } from "../../src/graph/tensor.ts";
import { applyOp } from "../../src/ops/apply.ts";
import { constantTensor } from "../../src/ops/constant.ts";
import { convertToTensor } from "../../src/ops/convert.ts";
import { decodeGraphDef } from "../../src/proto/graph_def.ts";
import type { OpCase } from "../conformance/ops.ts";
import { difference, type GoldenValue, toArray } from "../conformance/values.ts";

/** Null when the case is equal, "skipped" when its graph has what eager execution lacks: references, control flow, files, queues. */
export function runEagerCase(golden: OpCase): string | null {
  if (golden.steps || golden.files || golden.meta_graph || golden.targets?.length) return "skipped";
  const graph = new Graph();
  try {
    importGraphDefinition(decodeGraphDef(new Uint8Array(Buffer.from(golden.graph, "base64"))), { name: "", graph });
  } catch {
    return "skipped";
  }
  const wanted = new Set<Operation>();
  const need = (op: Operation): void => {
    if (wanted.has(op)) return;
    wanted.add(op);
    for (const input of op.inputs) need(input.op);
    for (const input of op.controlInputs) need(input);
  };
  for (const name of [...(golden.fetches ?? []), ...(golden.gradients ?? []).flatMap(({ ys }) => ys)])
    need((graph.asGraphElement(name) as Tensor).op ?? graph.asGraphElement(name));
  const nodes = graph.operations.filter((op) => wanted.has(op));
  if (
    nodes.some(
      ({ definition, name }) => definition.placeholder && !golden.feeds?.[`${name}:0`] && !golden.feeds?.[name],
    )
  )
    return "skipped";
  const lacks = nodes.some(
    ({ definition, inputs }) =>
      definition.flow ||
      definition.variable === "ref" ||
      definition.call ||
      definition.run ||
      inputs.some((input) => input.dtype.isRef),
  );
  if (lacks) return "skipped";
  return eagerMode(() => inEager(golden, nodes));
}

function inEager(golden: OpCase, nodes: readonly Operation[]): string | null {
  const values = new Map<Tensor, Tensor>();
  const byName = (name: string): Tensor | undefined => {
    for (const [from, to] of values) if (from.name === name || from.op.name === name) return to;
    return undefined;
  };
  const gradients = golden.gradients ?? [];
  const sources = new Set(gradients.flatMap(({ xs }) => xs));
  const tape = new GradientTape({ persistent: true });
  try {
    for (const op of nodes)
      runNode(
        op,
        values,
        golden.feeds ?? {},
        (tensor) => sources.has(tensor.name) || sources.has(tensor.op.name),
        tape,
      );
  } catch (error) {
    if (!golden.error) throw error;
    if (golden.error.code && !(error instanceof OpError && error.code === golden.error.code)) {
      return `error ${(error as { code?: string }).code ?? (error as Error).name} (${(error as Error).message}), wanted ${golden.error.code}`;
    }
    return null;
  } finally {
    tape[Symbol.dispose]();
  }
  if (golden.error) return golden.error.code ? `no error, wanted ${golden.error.code} ${golden.error.regex}` : null;
  for (const [name, want] of Object.entries(golden.expected ?? {})) {
    const how = golden.compare?.[name];
    const got = byName(name);
    if (!got || how) continue;
    const bad = difference(got.numpy(), want, golden.tol ?? { rtol: 1e-5, atol: 1e-6 });
    if (bad) return `${name}: ${bad}`;
  }
  for (const { ys, xs, expected } of gradients) {
    const found = tape.gradient(
      ys.map((name) => byName(name)!),
      xs.map((name) => byName(name)!),
    ) as (Tensor | IndexedSlices | null)[];
    for (const [i, want] of expected.entries()) {
      const gradient = found[i] ?? null;
      if (!want !== !gradient)
        return `gradient of ${xs[i]}: ${gradient ? "some" : "none"}, wanted ${want ? "some" : "none"}`;
      if (!want || !gradient) continue;
      const bad = difference(
        convertToTensor(gradient as never).numpy(),
        want as GoldenValue,
        golden.tol ?? { rtol: 1e-4, atol: 1e-5 },
      );
      if (bad) return `gradient of ${xs[i]}: ${bad}`;
    }
  }
  return null;
}

function runNode(
  op: Operation,
  values: Map<Tensor, Tensor>,
  feeds: Readonly<Record<string, GoldenValue>>,
  isSource: (tensor: Tensor) => boolean,
  tape: GradientTape,
): void {
  const keep = (outputs: readonly Tensor[]): void => {
    for (const [i, output] of op.outputs.entries()) {
      values.set(output, outputs[i]!);
      if (isSource(output)) tape.watch(outputs[i]!);
    }
  };
  const fed = op.outputs.length === 1 ? (feeds[op.outputs[0]!.name] ?? feeds[op.name]) : undefined;
  if (fed) {
    keep([constantTensor(toArray(fed))]);
    return;
  }
  const record = recordOf<Tensor>(
    op,
    op.inputs.map((input) => values.get(input)!),
  );
  const result = applyOp(op.definition, record as Record<string, unknown>, op.name) as unknown;
  if (result instanceof Tensor) keep([result]);
  else if (op.outputs.length > 0) {
    if (result instanceof UpdatedVariable) throw new Error("unexpected");
    keep(
      (Array.isArray(result) ? result : Object.values(result as Record<string, Tensor | Tensor[]>).flat()) as Tensor[],
    );
  }
}
