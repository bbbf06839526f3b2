/** tf.train.summary_iterator: the events of an event file. Source: tensorflow/python/summary/summary_iterator.py, event.proto. */
import { readEvents } from "../../io/event_file.ts";
import { decode, fromLong, pb } from "../../proto/messages.ts";

/** One event; what it does not hold is undefined. */
export interface Event {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number | bigint;
  readonly fileVersion?: string;
  /** A serialized GraphDef: `tf.GraphDef.fromString(bytes)`. */
  readonly graphDef?: Uint8Array;
  /** Tags with their values: `summary.value[0].tag`, `.simpleValue`. */
  readonly summary?: pb.Summary.$Properties;
  readonly logMessage?: pb.LogMessage.$Properties;
  readonly sessionLog?: pb.SessionLog.$Properties;
  readonly taggedRunMetadata?: pb.TaggedRunMetadata.$Properties;
  /** A serialized MetaGraphDef. */
  readonly metaGraphDef?: Uint8Array;
}

const kinds = [
  "fileVersion",
  "graphDef",
  "summary",
  "logMessage",
  "sessionLog",
  "taggedRunMetadata",
  "metaGraphDef",
] as const;

/**
 * The events of the file in its order. Throws NOT_FOUND for a missing file and DATA_LOSS, with path and offset, where an event is damaged;
 * a torn tail ends it quietly.
 */
export function* summaryIterator(path: string): Generator<Event, void, void> {
  const events = readEvents(path, {
    onDamage: (error) => {
      throw error;
    },
  });
  for (const bytes of events) {
    const message: pb.Event.$Properties = decode(pb.Event, bytes);
    const held = kinds.filter((kind) => Object.hasOwn(message, kind)).map((kind) => [kind, message[kind]]);
    yield { wallTime: message.wallTime ?? 0, step: fromLong(message.step), ...Object.fromEntries(held) };
  }
}
