/** The operations that a session needs around a model's own: made where they are not given. Source: monitored_session.py, Scaffold. */
import { GraphKeys } from "../../build/collections.ts";
import { tablesInitializer } from "../../build/lookup/table.ts";
import {
  initializeResources,
  localResources,
  reportUninitializedResources,
  sharedResources,
} from "../../build/resources/registered.ts";
import { mergeAll } from "../../build/summary.ts";
import {
  globalVariables,
  globalVariablesInitializer,
  localVariablesInitializer,
  reportUninitializedVariables,
} from "../../build/variables/initialize.ts";
import { RuntimeError } from "../../core/error.ts";
import * as logging from "../../core/text/logging.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import type { FeedDict } from "../../graph/scopes.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { concat, group } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import type { Session } from "../../session/session.ts";
import { Saver } from "../saver.ts";

export interface ScaffoldOptions {
  readonly initOp?: Operation | null | undefined;
  readonly initFeedDict?: FeedDict | null | undefined;
  /** Called after initOp. */
  readonly initFn?: ((scaffold: Scaffold, session: Session) => unknown) | null | undefined;
  /** A string vector, empty once the model may be used. */
  readonly readyOp?: Tensor | null | undefined;
  readonly readyForLocalInitOp?: Tensor | null | undefined;
  readonly localInitOp?: Operation | null | undefined;
  readonly localInitFeedDict?: FeedDict | null | undefined;
  readonly summaryOp?: Tensor | readonly Tensor[] | null | undefined;
  readonly saver?: Saver | null | undefined;
  /** Where what is not given comes from. */
  readonly copyFromScaffold?: Scaffold | null | undefined;
}

const scaffoldPlaces = [
  "initOp",
  "initFeedDict",
  "initFn",
  "readyOp",
  "readyForLocalInitOp",
  "localInitOp",
  "summaryOp",
  "saver",
  "copyFromScaffold",
  "localInitFeedDict",
] as const;

/** The operations with which a session begins: initializers, checks that all is ready, the saver, the summaries. */
export class Scaffold {
  #options: ScaffoldOptions;

  constructor(...given: Rest<ScaffoldOptions, typeof scaffoldPlaces>) {
    const options = byName<ScaffoldOptions>(given, scaffoldPlaces);
    const { copyFromScaffold } = options;
    const from = copyFromScaffold ? copyFromScaffold.#options : {};
    const filled = Object.entries(options).filter(([, value]) => value !== undefined && value !== null);
    this.#options = { ...from, ...Object.fromEntries(filled) };
  }

  /** Makes what is missing and finalizes the default graph. */
  finalize(): this {
    const graph = getDefaultGraph();
    const o = this.#options;
    this.#options = {
      ...o,
      initOp:
        o.initOp ??
        getOrDefault("init_op", GraphKeys.INIT_OP, () =>
          group(globalVariablesInitializer(), initializeResources(sharedResources())),
        ),
      readyOp:
        o.readyOp ??
        getOrDefault("ready_op", GraphKeys.READY_OP, () =>
          concat([reportUninitializedVariables(), reportUninitializedResources()], 0),
        ),
      readyForLocalInitOp:
        o.readyForLocalInitOp ??
        getOrDefault("ready_for_local_init_op", GraphKeys.READY_FOR_LOCAL_INIT_OP, () =>
          concat([reportUninitializedVariables(globalVariables()), reportUninitializedResources(sharedResources())], 0),
        ),
      localInitOp: o.localInitOp ?? getOrDefault("local_init_op", GraphKeys.LOCAL_INIT_OP, Scaffold.defaultLocalInitOp),
      summaryOp: o.summaryOp ?? getOrDefault("summary_op", GraphKeys.SUMMARY_OP, () => mergeAll()),
      saver: o.saver ?? saverOrDefault(),
    };
    this.saver!.build();
    graph.finalize();
    logging.info("Graph was finalized.");
    return this;
  }

  get initOp(): Operation | null {
    return this.#options.initOp ?? null;
  }

  get initFeedDict(): FeedDict | null {
    return this.#options.initFeedDict ?? null;
  }

  /** Called with the session, after initOp. */
  get initFn(): ((session: Session) => unknown) | null {
    const { initFn } = this.#options;
    return initFn ? (session) => initFn(this, session) : null;
  }

  get readyOp(): Tensor | null {
    return this.#options.readyOp ?? null;
  }

  get readyForLocalInitOp(): Tensor | null {
    return this.#options.readyForLocalInitOp ?? null;
  }

  get localInitOp(): Operation | null {
    return this.#options.localInitOp ?? null;
  }

  get localInitFeedDict(): FeedDict | null {
    return this.#options.localInitFeedDict ?? null;
  }

  get summaryOp(): Tensor | readonly Tensor[] | null {
    return this.#options.summaryOp ?? null;
  }

  get saver(): Saver | null {
    return this.#options.saver ?? null;
  }

  /** The only item of a collection, or one that is made and added. Throws RuntimeError for several. */
  static getOrDefault<T>(argName: string, collectionKey: string, defaultConstructor: () => T): T {
    return getOrDefault(argName, collectionKey, defaultConstructor);
  }

  static defaultLocalInitOp(): Operation {
    return group(localVariablesInitializer(), tablesInitializer(), initializeResources(localResources()));
  }
}

function getOrDefault<T>(argName: string, collectionKey: string, make: () => T): T {
  const graph = getDefaultGraph();
  const found = graph.getCollection<T>(collectionKey);
  if (found.length > 1) {
    throw new RuntimeError(
      `More than one item in the collection "${collectionKey}". Please indicate which one to use by passing it to the tf.Scaffold constructor as:  tf.Scaffold(${argName}=item to use)`,
    );
  }
  if (found.length === 1) return found[0]!;
  const made = make();
  if (made !== null) graph.addToCollection(collectionKey, made);
  return made;
}

function saverOrDefault(): Saver {
  const graph = getDefaultGraph();
  const savers = graph.getCollection<Saver>(GraphKeys.SAVERS);
  if (savers.length > 1) {
    throw new RuntimeError(
      `More than one item in collection ${GraphKeys.SAVERS}. Please indicate which one to use by passing it to the constructor.`,
    );
  }
  if (savers[0]) return savers[0];
  const saver = new Saver({ sharded: true, allowEmpty: true });
  graph.addToCollection(GraphKeys.SAVERS, saver);
  return saver;
}
