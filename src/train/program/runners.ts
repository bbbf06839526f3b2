/** The queue runners of an imported graph: each enqueue op runs again and again until its queue is closed. Source: queue_runner_impl.py */
import { GraphKeys } from "../../build/collections.ts";
import { OpError } from "../../core/error.ts";
import { decode, pb } from "../../proto/messages.ts";
import type { Session } from "../../session/session.ts";

/** Starts them all. The answer stops them, and throws the error that ended one of them. */
export function startRunners(sess: Session): () => Promise<void> {
  const stop = new AbortController();
  const failures: unknown[] = [];
  const loops = sess.graph.getCollection(GraphKeys.QUEUE_RUNNERS).map(async (item) => {
    const bytes = typeof item === "string" ? new TextEncoder().encode(item) : (item as Uint8Array);
    const { enqueueOpName = [], closeOpName } = decode(pb.QueueRunnerDef, bytes);
    await Promise.all(enqueueOpName.map((name) => repeat(sess, name, stop.signal, failures)));
    if (closeOpName && !stop.signal.aborted) await sess.run(closeOpName);
  });
  return async () => {
    stop.abort();
    await Promise.allSettled(loops);
    if (failures.length) throw failures[0];
  };
}

async function repeat(sess: Session, name: string, signal: AbortSignal, failures: unknown[]): Promise<void> {
  try {
    for (;;) await sess.run(name, { signal });
  } catch (error) {
    if (signal.aborted || (error instanceof OpError && error.code === "OUT_OF_RANGE")) return;
    failures.push(error);
  }
}
