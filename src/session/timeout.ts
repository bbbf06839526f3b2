/** Runs with a limit of time. Source: direct_session.cc, WaitForNotification. */
import { CancelledError, DeadlineExceededError } from "../core/error.ts";

/** What `start` gives; nodes that still wait when the time is over are cancelled, and the run ends with DEADLINE_EXCEEDED. */
export async function runWithin(
  timeoutMs: number,
  outer: AbortSignal | undefined,
  start: (signal: AbortSignal) => unknown,
): Promise<unknown> {
  const expiry = new AbortController();
  const timer = setTimeout(() => expiry.abort(new CancelledError("RunManyGraphs")), timeoutMs);
  try {
    return await start(outer ? AbortSignal.any([outer, expiry.signal]) : expiry.signal);
  } catch (error) {
    throw expiry.signal.aborted ? new DeadlineExceededError("Timed out waiting for notification") : error;
  } finally {
    clearTimeout(timer);
  }
}
