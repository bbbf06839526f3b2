/** tf.train.summary_iterator: the events of an event file. Source: tensorflow/python/summary/summary_iterator.py, event.proto. */
import { readEvents } from "../../io/event_file.ts";
import { Event } from "../../proto/classes.ts";

/**
 * The events of the file in its order, as `tf.Event`: `event.whichOneof("what")` says what one holds, `event.summary.value` has no elements
 * where it holds no summary. Throws NOT_FOUND for a missing file and DATA_LOSS, with path and offset, where an event is damaged; a torn
 * tail ends it quietly.
 */
export function* summaryIterator(path: string): Generator<Event, void, void> {
  const events = readEvents(path, {
    onDamage: (error) => {
      throw error;
    },
  });
  for (const bytes of events) yield Event.fromString(bytes);
}
