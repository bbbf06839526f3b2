/** `tf.contrib.summary`: summaries that go straight to the default writer. Source: summary_ops_v2.py. */
import { string, uint8 } from "../../../core/dtype.ts";
import { TypeError } from "../../../core/error.ts";
import { Graph, getDefaultGraph } from "../../../graph/graph.ts";
import { constantValue } from "../../../graph/infer.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { SessionLike } from "../../../graph/scopes.ts";
import { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import {
  constant,
  identity,
  importEventOp,
  noOp,
  placeholder,
  writeAudioSummaryOp,
  writeGraphSummaryOp,
  writeHistogramSummaryOp,
  writeImageSummaryOp,
  writeScalarSummaryOp,
  writeSummaryOp,
} from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { encode, pb } from "../../../proto/messages.ts";
import { getCollection } from "../../collections.ts";
import { cond } from "../../control_flow/branch/cond.ts";
import { cleanTag } from "../../summary.ts";
import {
  defaultWriter,
  sessionFor,
  shouldRecordSummaries,
  stepOf,
  summaryCollection,
  summaryWriterInitializerOp,
} from "./writer.ts";

interface RecordOptions {
  /** Stands before the tag. */
  readonly family?: string | null | undefined;
  /** The global step by default. */
  readonly step?: TensorLike | null | undefined;
}

/** `step` is asked for when its turn comes among the nodes. */
type Write = (tag: string, scope: string, writer: Tensor, step: () => TensorLike) => Operation;

/** Writes a summary when summaries are recorded; in a graph, an operation among `allSummaryOps`. */
function recorded(name: string, { family, step }: RecordOptions, write: Write): Operation | Tensor {
  if (step !== null && step !== undefined) stepOf(step);
  const graph = getDefaultGraph();
  const outer = graph.getNameScope();
  const writer = defaultWriter();
  if (writer === null) return noOp();
  const record = (): Tensor => {
    const clean = cleanTag(name);
    return graph.nameScope(outer ? `${outer}/` : "", () =>
      graph.nameScope(family ? `${family}/${clean}` : clean, (scope) => {
        const own = scope.replace(/\/$/, "");
        const op = write(family ? `${family}/${own}` : own, scope, writer.resource!, () => stepOf(step));
        return graph.controlDependencies(op ? [op] : [], () => constant(true));
      }),
    );
  };
  return graph.device("cpu:0", () => {
    const should = shouldRecordSummaries();
    const known = constantValue(should);
    const nothing = (): Tensor => constant(false);
    const op = known ? (known.item() ? record() : nothing()) : cond(should, record, nothing, { name: "" });
    if (!graph.isEager) graph.addToCollection(summaryCollection, op);
    return op;
  });
}

/** Operations that write all summaries of the graph; null in eager execution, where they are written at once. */
export const allSummaryOps = (): (Operation | Tensor)[] | null =>
  getDefaultGraph().isEager ? null : getCollection<Operation | Tensor>(summaryCollection);

const plainPlaces = ["family", "step"] as const;
type PlainRest = Rest<RecordOptions, typeof plainPlaces>;

/** A number under a tag. */
export function scalar(name: string, tensor: TensorLike, ...rest: PlainRest): Operation | Tensor {
  return recorded(name, byName<RecordOptions>(rest, plainPlaces), (tag, scope, writer, step) =>
    writeScalarSummaryOp({ writer, step: step(), tag, value: identity(tensor) }, scope),
  );
}

/** The histogram of all elements. */
export function histogram(name: string, tensor: TensorLike, ...rest: PlainRest): Operation | Tensor {
  return recorded(name, byName<RecordOptions>(rest, plainPlaces), (tag, scope, writer, step) =>
    writeHistogramSummaryOp({ writer, step: step(), tag, values: identity(tensor) }, scope),
  );
}

interface GenericOptions extends RecordOptions {
  /** A SummaryMetadata message, or a tensor of a serialized one. */
  readonly metadata?: object | null | undefined;
}

const genericPlaces = ["metadata", "family", "step"] as const;

/** The tensor itself, with metadata for a plugin. */
export function generic(
  name: string,
  tensor: TensorLike,
  ...rest: Rest<GenericOptions, typeof genericPlaces>
): Operation | Tensor {
  const { metadata, ...options } = byName<GenericOptions>(rest, genericPlaces);
  return recorded(name, options, (tag, scope, writer, step) => {
    const serialized =
      metadata instanceof Tensor
        ? metadata
        : constant(metadata ? (encode(pb.SummaryMetadata, metadata) as never) : "", { dtype: string });
    return writeSummaryOp({ writer, step: step(), tensor: identity(tensor), tag, summary_metadata: serialized }, scope);
  });
}

interface ImageOptions extends RecordOptions {
  /** What pixels that are no numbers become; red by default. */
  readonly badColor?: TensorLike | null | undefined;
  /** 3 by default. */
  readonly maxImages?: number | undefined;
}

const imagePlaces = ["badColor", "maxImages", "family", "step"] as const;

/** Images [n, h, w, 1 | 3 | 4]. */
export function image(
  name: string,
  tensor: TensorLike,
  ...rest: Rest<ImageOptions, typeof imagePlaces>
): Operation | Tensor {
  const { badColor, maxImages = 3, ...options } = byName<ImageOptions>(rest, imagePlaces);
  return recorded(name, options, (tag, scope, writer, step) => {
    const bad_color = badColor ?? constant([255, 0, 0, 255], { dtype: uint8 });
    return writeImageSummaryOp(
      { writer, step: step(), tag, tensor: identity(tensor), bad_color, max_images: maxImages },
      scope,
    );
  });
}

/** Sound [n, frames] or [n, frames, channels]. */
export function audio(
  name: string,
  tensor: TensorLike,
  sampleRate: TensorLike,
  maxOutputs: number,
  ...rest: PlainRest
): Operation | Tensor {
  return recorded(name, byName<RecordOptions>(rest, plainPlaces), (tag, scope, writer, step) =>
    writeAudioSummaryOp(
      { writer, step: step(), tag, tensor: identity(tensor), sample_rate: sampleRate, max_outputs: maxOutputs },
      scope,
    ),
  );
}

interface GraphOptions {
  readonly step?: TensorLike | null | undefined;
  readonly name?: string | undefined;
}

const serialized = (graph: Graph): Uint8Array => graph.asGraphDef({ addShapes: true }).serializeToString();

/** A graph: in a graph a tensor of a serialized GraphDef, in eager execution a Graph. Throws TypeError for others. */
export function graph(param: Tensor | Graph, ...rest: Rest<GraphOptions, ["step", "name"]>): Operation | undefined {
  const { step, name } = byName<GraphOptions>(rest, ["step", "name"]);
  if (step !== null && step !== undefined) stepOf(step);
  const own = getDefaultGraph();
  if (!own.isEager && !(param instanceof Tensor)) {
    throw new TypeError(
      `graph() needs a argument \`param\` to be tf.Tensor (e.g. tf.placeholder) in graph mode, but received param=${param} of type ${param.constructor.name}.`,
    );
  }
  const writer = defaultWriter();
  if (writer === null) return noOp();
  return own.device("cpu:0", () => {
    const tensor =
      param instanceof Graph ? convertToTensor(serialized(param) as never, { dtype: string }) : identity(param);
    return writeGraphSummaryOp({ writer: writer.resource!, step: stepOf(step), tensor }, name);
  });
}

/** A serialized Event message, to the default writer. */
export const importEvent = (tensor: TensorLike, name?: string): Operation =>
  importEventOp({ writer: defaultWriter()!.resource!, event: tensor }, name);

interface InitializeOptions {
  /** Written too. */
  readonly graph?: Graph | null | undefined;
  /** The default session by default. */
  readonly session?: SessionLike | null | undefined;
}

/** Opens the files of all writers. Throws RuntimeError without a default writer, ValueError without a session. */
export async function initialize(...rest: Rest<InitializeOptions, ["graph", "session"]>): Promise<void> {
  const options = byName<InitializeOptions>(rest, ["graph", "session"]);
  if (getDefaultGraph().isEager) return;
  const session = sessionFor(options.session);
  for (const op of summaryWriterInitializerOp()) await session.run(op);
  if (!options.graph) return;
  const data = serialized(options.graph);
  const x = placeholder(string);
  await session.run(graph(x, 0)!, { feedDict: [[x, data]] } as never);
}
