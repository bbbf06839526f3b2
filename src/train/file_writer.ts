/**
 * FileWriter: summaries, graphs and traces of a run as events for TensorBoard. Source: tensorflow/python/summary/writer/writer.py.
 *
 * Order of a new file: version, the start of a session that goes on, graph_def, meta_graph_def, then what is added.
 */

import { TypeError, ValueError } from "../core/error.ts";
import { log, nowSeconds } from "../core/host.ts";
import { NdArray } from "../core/nd_array.ts";
import { graphDefinition } from "../graph/def/graph_def.ts";
import { Graph } from "../graph/graph.ts";
import { EventFileWriter } from "../io/event_file.ts";
import { WireWriter } from "../io/wire.ts";
import { byName, type Rest } from "../ops/options.ts";
import type { Event, MetaGraphDef, SessionLog, Summary } from "../proto/classes.ts";
import { encodeGraphDef } from "../proto/graph_def.ts";
import { decode, encode, pb } from "../proto/messages.ts";
import { toShapeProto } from "../proto/shape_proto.ts";
import type { RunMetadata } from "../session/trace.ts";

export interface FileWriterOptions {
  /** Written as the first event. */
  readonly graph?: Graph | null;
  /** Events kept before they are written. */
  readonly maxQueue?: number;
  readonly flushSecs?: number;
  readonly filenameSuffix?: string;
  /** Another file follows one that has grown beyond this. */
  readonly maxBytes?: number;
  /** Training goes on from this step: the first event says so. */
  readonly sessionStart?: number;
}

const fileWriterPlaces = ["graph", "maxQueue", "flushSecs"] as const;

/** A step, or the fetched value of a variable that counts steps. */
export type GlobalStep = number | bigint | NdArray | null | undefined;

/** The run goes on from this step: points of older files from there on are hidden. */
const sessionStart = 1;

/** Writes events into a file of its own in `logdir`. Nothing is lost when it is never closed, and it keeps no process alive. */
export class FileWriter {
  readonly #logdir: string;
  readonly #options: FileWriterOptions;
  #writer: EventFileWriter;
  #isClosed = false;
  /** Tags whose metadata a file has already: TensorBoard needs it once. */
  readonly #seenTags = new Set<string>();
  readonly #seenRuns = new Set<string>();

  /** A graph is written with a MetaGraphDef (meta_info_def=1, graph_def=2) of it. */
  constructor(logdir: string, ...rest: Rest<FileWriterOptions, typeof fileWriterPlaces>) {
    const options = byName<FileWriterOptions>(rest, fileWriterPlaces);
    const { graph } = options;
    if (typeof logdir !== "string") throw new TypeError("FileWriter needs the path of a folder");
    this.#logdir = logdir;
    this.#options = options;
    this.#writer = this.#open();
    if (options.sessionStart !== undefined) this.addSessionStart(options.sessionStart);
    if (graph) {
      const graphDef = encodeGraphDef(graphDefinition(graph, { addShapes: true }));
      this.#add({ graphDef });
      this.addMetaGraph(new WireWriter().bytes(1, new Uint8Array(0)).bytes(2, graphDef).finish());
    }
  }

  #open(): EventFileWriter {
    const { maxQueue, flushSecs, filenameSuffix, maxBytes } = this.#options;
    return new EventFileWriter(this.#logdir, {
      ...(maxQueue === undefined ? {} : { maxQueue }),
      ...(flushSecs === undefined ? {} : { flushSeconds: flushSecs }),
      ...(filenameSuffix === undefined ? {} : { suffix: filenameSuffix }),
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });
  }

  getLogdir(): string {
    return this.#logdir;
  }

  #add(event: pb.Event.$Properties, step?: GlobalStep): void {
    const at = step instanceof NdArray ? (step.item() as number | bigint) : step;
    const full = {
      ...event,
      wallTime: nowSeconds(),
      ...(at === undefined || at === null ? {} : { step: BigInt(at) as never }),
    };
    this.addEvent(encode(pb.Event, full as pb.Event.$Properties));
  }

  /** A `tf.Event`, or the bytes of one. */
  addEvent(event: Event | Uint8Array): void {
    if (this.#isClosed) {
      log(
        "WARNING",
        "Attempting to use a closed FileWriter. The operation will be a noop unless the FileWriter is explicitly reopened.",
      );
    }
    this.#writer.add(event instanceof Uint8Array ? event : event.serializeToString());
  }

  /** The value of a summary op (or its bytes), or a `tf.Summary`, at a global step. Metadata of a tag is written once. */
  addSummary(summary: NdArray | Summary | Uint8Array, globalStep?: GlobalStep): void {
    const bytes = summary instanceof Uint8Array ? summary : bytesOf(summary);
    const message = decode(pb.Summary, bytes);
    for (const value of message.value) {
      if (!value.metadata) continue;
      const tag = value.tag ?? "";
      if (this.#seenTags.has(tag)) value.metadata = null as never;
      else this.#seenTags.add(tag);
    }
    this.#add({ summary: message }, globalStep);
  }

  /** One point of a curve without a summary op. */
  addScalar(tag: string, value: number, globalStep?: GlobalStep): void {
    this.#add({ summary: { value: [{ tag, simpleValue: value }] } }, globalStep);
  }

  /** The graph with its static shapes. */
  addGraph(graph: Graph, globalStep?: GlobalStep): void {
    if (!(graph instanceof Graph))
      throw new TypeError("The passed graph must be an instance of `Graph` or the deprecated `GraphDef`");
    this.#add({ graphDef: encodeGraphDef(graphDefinition(graph, { addShapes: true })) }, globalStep);
  }

  /** A `tf.MetaGraphDef`, or the bytes of one. */
  addMetaGraph(metaGraphDef: MetaGraphDef | Uint8Array, globalStep?: GlobalStep): void {
    const bytes = metaGraphDef instanceof Uint8Array ? metaGraphDef : metaGraphDef.serializeToString();
    this.#add({ metaGraphDef: bytes }, globalStep);
  }

  /** Node times of a traced run under a tag of its own. Throws ValueError when the tag was used before. */
  addRunMetadata(runMetadata: RunMetadata, tag: string, globalStep?: GlobalStep): void {
    if (this.#seenRuns.has(tag)) throw new ValueError("The provided tag was already used for this event type");
    this.#seenRuns.add(tag);
    this.#add({ taggedRunMetadata: { tag, runMetadata: encodeRunMetadata(runMetadata) } }, globalStep);
  }

  addSessionLog(
    sessionLog: SessionLog | { readonly status: number; readonly checkpointPath?: string; readonly msg?: string },
    globalStep?: GlobalStep,
  ): void {
    const message = "toPlain" in sessionLog ? sessionLog.toPlain() : sessionLog;
    this.#add({ sessionLog: message }, globalStep);
  }

  /** Says that training goes on from this step. */
  addSessionStart(step: number): void {
    this.addSessionLog({ status: sessionStart }, step);
  }

  flush(): void {
    this.#writer.flush();
  }

  /** Makes what was added durable. */
  sync(): void {
    this.#writer.sync();
  }

  close(): void {
    this.#isClosed = true;
    this.#writer.close();
  }

  /** Opens a new file in the folder; nothing happens when it is open. */
  reopen(): void {
    if (!this.#isClosed) return;
    this.#isClosed = false;
    this.#writer = this.#open();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function bytesOf(summary: NdArray | Summary): Uint8Array {
  if ("serializeToString" in summary) return summary.serializeToString();
  const [bytes] = summary.data as readonly Uint8Array[];
  if (!(bytes instanceof Uint8Array)) throw new TypeError("addSummary needs the value of a summary op");
  return bytes;
}

/** RunMetadata as TensorFlow's message. */
export function encodeRunMetadata({ stepStats }: RunMetadata): Uint8Array {
  const devStats = stepStats.devStats.map(({ device, nodeStats }) => ({
    device,
    nodeStats: nodeStats.map((node) => ({
      nodeName: node.nodeName,
      timelineLabel: node.timelineLabel,
      allStartMicros: node.allStartMicros,
      opStartRelMicros: node.opStartRelMicros,
      opEndRelMicros: node.opEndRelMicros,
      allEndRelMicros: node.allEndRelMicros,
      memory: [{ allocatorName: "cpu", totalBytes: node.outputs.reduce((sum, output) => sum + output.bytes, 0) }],
      output: node.outputs.map(({ slot, dtype, shape }) => ({
        slot,
        tensorDescription: { dtype, shape: toShapeProto(shape) },
      })),
    })),
  }));
  return encode(pb.RunMetadata, { stepStats: { devStats } } as pb.RunMetadata.$Properties);
}
