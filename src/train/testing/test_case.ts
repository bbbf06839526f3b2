/** `tf.test.TestCase`: assertions on tensors and arrays, sessions for tests. Source: tensorflow/python/framework/test_util.py. */
import { ValueError } from "../../core/error.ts";
import { getDefaultGraph, resetDefaultGraph } from "../../graph/graph.ts";
import { defaultSession } from "../../graph/scopes.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { temporaryFolder } from "../../io/paths.ts";
import { Session, type SessionOptions } from "../../session/session.ts";
import { atOnce, ValueAssertions } from "./values.ts";

type Where = Pick<SessionOptions, "graph" | "config">;

/**
 * Tests as methods whose names begin with `test`, run by `tf.test.main`; or an object whose assertions any test may use:
 *
 *     const t = new tf.test.TestCase();
 *     await t.assertAllClose(tf.square([2, 3]), [4, 9]);
 *
 * An assertion throws AssertionError at once, or gives a promise where tensors of a graph must be run.
 */
export class TestCase extends ValueAssertions {
  #cached: Session | null = null;
  #folder: string | null = null;

  /** Before each test method: a graph of its own, with Python's seed of tests. */
  setUp(): unknown {
    resetDefaultGraph();
    getDefaultGraph().seed = 87654321;
    return undefined;
  }

  /** After each test method. */
  async tearDown(): Promise<void> {
    await this.#cached?.close();
    this.#cached = null;
  }

  /** A folder of this case alone, the same at each call. */
  getTempDir(): string {
    this.#folder ??= temporaryFolder();
    return this.#folder;
  }

  /** Calls `body` in a session of the default graph, or of the one given, and closes it. */
  async session<R>(body: (sess: Session) => R | Promise<R>, options: Where = {}): Promise<R> {
    await using sess = this.#made(options);
    return await sess.graph.asDefault(() => sess.asDefault(() => body(sess)));
  }

  testSession = this.session;

  /** As `session`, but the session stays open for the next call in the same test. */
  async cachedSession<R>(body: (sess: Session) => R | Promise<R>, options: Where = {}): Promise<R> {
    if (this.#cached && options.graph && this.#cached.graph !== options.graph)
      throw new ValueError(
        "The graph used to get the cached session is different than the one that was used to create the session. Maybe create a new session with self.session()",
      );
    this.#cached ??= this.#made(options);
    const sess = this.#cached;
    return await sess.graph.asDefault(() => sess.asDefault(() => body(sess)));
  }

  #made({ graph, config }: Where): Session {
    return new Session({ graph: graph ?? getDefaultGraph(), config: { allowSoftPlacement: true, ...config } });
  }

  /** Values of tensors: at once in eager execution, else in the default session or one made for it. */
  async evaluate(tensors: unknown): Promise<unknown> {
    if (getDefaultGraph().isEager) return atOnce(tensors);
    const sess = defaultSession();
    if (sess) return await sess.run(tensors as never);
    return await this.session((own) => own.run(tensors as Tensor));
  }
}
