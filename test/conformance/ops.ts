/** Runs the op cases of the goldens: import the graph, check static shapes, run, compare values, gradients, errors. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { importMetaGraphDef } from "../../src/build/meta_graph/import.ts";
import { OpError } from "../../src/core/error.ts";
import type { NdArray } from "../../src/core/nd_array.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { importGraphDefinition } from "../../src/graph/def/import.ts";
import { Graph } from "../../src/graph/graph.ts";
import { IndexedSlices } from "../../src/graph/indexed_slices.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import * as tf from "../../src/index.ts";
import { decodeGraphDef } from "../../src/proto/graph_def.ts";
import { decode, pb } from "../../src/proto/messages.ts";
import { Session } from "../../src/session/session.ts";
import { difference, type GoldenValue, type Tolerance, toArray } from "./values.ts";

export interface GoldenError {
  readonly code: string | null;
  readonly type: string;
  readonly message: string;
  readonly regex: string;
}

interface Step {
  readonly feeds?: Record<string, GoldenValue>;
  readonly fetches?: readonly string[];
  readonly targets?: readonly string[];
  readonly expected?: Record<string, GoldenValue>;
  readonly error?: GoldenError;
  readonly compare?: Record<string, string>;
  readonly session?: number;
}

export interface OpCase extends Step {
  readonly name: string;
  readonly graph: string;
  readonly static?: Record<string, { dtype: string; shape: (number | null)[] | null }>;
  readonly gradients?: readonly {
    ys: readonly string[];
    xs: readonly string[];
    expected: readonly (GoldenValue | null)[];
  }[];
  readonly steps?: readonly Step[];
  readonly files?: Record<string, string>;
  readonly tol?: Tolerance;
  readonly meta_graph?: string;
  readonly grad_graph?: { graph: string; fetches: readonly string[] };
}

const defaultTolerance: Tolerance = { rtol: 1e-5, atol: 1e-6 };

/** Null when the case is equal; else what differs. */
export async function runOpCase(
  golden: OpCase,
  engine?: Engine,
  /** Gets the graph at the end, with the nodes of the gradients. */
  done?: (graph: Graph) => void,
): Promise<string | null> {
  const needsDirectory = golden.files !== undefined || JSON.stringify(golden).includes("${DIR}");
  const directory = needsDirectory ? mkdtempSync(join(tmpdir(), "tsflow-golden-")) : null;
  try {
    if (directory)
      for (const [name, base64] of Object.entries(golden.files ?? {})) {
        mkdirSync(dirname(join(directory, name)), { recursive: true });
        writeFileSync(join(directory, name), Buffer.from(base64, "base64"));
      }
    return await runIn(golden, directory, engine, done);
  } finally {
    if (directory) rmSync(directory, { recursive: true, force: true });
  }
}

async function runIn(
  golden: OpCase,
  directory: string | null,
  engine?: Engine,
  done?: (graph: Graph) => void,
): Promise<string | null> {
  const graph = new Graph();
  try {
    importCase(golden, graph);
  } catch (error) {
    if (golden.error) return matchError(error, golden.error);
    throw error;
  }
  for (const [name, want] of Object.entries(golden.static ?? {})) {
    const tensor = graph.getTensorByName(name);
    if (JSON.stringify(tensor.shape) !== JSON.stringify(want.shape))
      return `static shape of ${name}: ${JSON.stringify(tensor.shape)}, wanted ${JSON.stringify(want.shape)}`;
    if (tensor.dtype.name.replace(/_ref$/, "") !== want.dtype.replace(/_ref$/, ""))
      return `static dtype of ${name}: ${tensor.dtype.name}, wanted ${want.dtype}`;
  }
  const sessions = new Map<number, Session>();
  const sessionOf = (index: number): Session => {
    let sess = sessions.get(index);
    if (!sess) {
      sess = new Session({ graph, ...(engine ? { engine } : {}) });
      sessions.set(index, sess);
    }
    return sess;
  };
  try {
    for (const [i, step] of (golden.steps ?? [golden]).entries()) {
      const bad = await runStep(graph, sessionOf(step.session ?? 0), step, golden, directory);
      if (bad) return golden.steps ? `step ${i}: ${bad}` : bad;
    }
    const bad = await checkGradients(graph, golden, directory, engine);
    if (!bad) done?.(graph);
    return bad;
  } finally {
    for (const sess of sessions.values()) sess.close();
  }
}

/** With its contexts of cond and while where the case has them, for their gradients. */
function importCase(golden: OpCase, graph: Graph): void {
  if (golden.meta_graph) {
    const bytes = new Uint8Array(Buffer.from(golden.meta_graph, "base64"));
    graph.asDefault(() => importMetaGraphDef(decode(pb.MetaGraphDef, bytes)));
    return;
  }
  importGraphDefinition(decodeGraphDef(new Uint8Array(Buffer.from(golden.graph, "base64"))), { name: "", graph });
}

const withDirectory = (value: GoldenValue, directory: string | null): GoldenValue =>
  directory && value.dtype === "string"
    ? {
        ...value,
        values: value.values!.map((item) => (typeof item === "string" ? item.replaceAll("${DIR}", directory) : item)),
      }
    : value;

const feedsOf = (feeds: Record<string, GoldenValue> | undefined, directory: string | null): [string, NdArray][] =>
  Object.entries(feeds ?? {}).map(([name, value]) => [name, toArray(withDirectory(value, directory))]);

async function runStep(
  graph: Graph,
  sess: Session,
  step: Step,
  golden: OpCase,
  directory: string | null,
): Promise<string | null> {
  const names = step.fetches ?? [];
  let values: readonly (NdArray | null)[];
  try {
    values = (await sess.run(
      [names.map((name) => name), (step.targets ?? []).map((name) => graph.asGraphElement(name))] as never,
      {
        feedDict: feedsOf(step.feeds, directory),
      },
    )) as never;
    values = (values as unknown as [NdArray[]])[0];
  } catch (error) {
    if (step.error) return matchError(error, step.error, directory);
    throw error;
  }
  if (step.error) return `no error, wanted ${step.error.code} ${step.error.regex}`;
  for (const [name, want] of Object.entries(step.expected ?? {})) {
    const got = values[names.indexOf(name)];
    if (!got) continue;
    const how = step.compare?.[name] ?? (golden as Step).compare?.[name];
    const bad =
      how === "png" || how === "summary_images"
        ? null
        : difference(got, withDirectory(want, directory), golden.tol ?? defaultTolerance, how);
    if (bad) return `${name}: ${bad}`;
  }
  return null;
}

export function matchError(error: unknown, want: GoldenError, directory: string | null = null): string | null {
  const text = (error as Error).message;
  const message = directory ? text.replaceAll(directory, "${DIR}") : text;
  if (want.code && !(error instanceof OpError && error.code === want.code))
    return `error ${(error as { code?: string }).code ?? (error as Error).name} (${message}), wanted ${want.code} ${want.regex}`;
  if (!want.code && (error as Error).name !== want.type)
    return `error ${(error as Error).name} (${message}), wanted ${want.type} ${want.regex}`;
  let pattern: RegExp;
  try {
    pattern = new RegExp(want.regex);
  } catch {
    return null;
  }
  return pattern.test(message) ? null : `error text "${message}", wanted /${want.regex}/`;
}

async function checkGradients(
  graph: Graph,
  golden: OpCase,
  directory: string | null,
  engine?: Engine,
): Promise<string | null> {
  for (const { ys, xs, expected } of golden.gradients ?? []) {
    const gradients = graph.asDefault(() =>
      tf.gradients(
        ys.map((name) => graph.getTensorByName(name)),
        xs.map((name) => graph.getTensorByName(name)),
      ),
    );
    const dense: (Tensor | null)[] = graph.asDefault(() =>
      gradients.map((gradient) =>
        gradient instanceof IndexedSlices ? tf.convertToTensor(gradient as never) : gradient,
      ),
    );
    const sess = new Session({ graph, ...(engine ? { engine } : {}) });
    try {
      const live = dense.filter((gradient) => gradient !== null);
      const values = (await sess.run(live as never, { feedDict: feedsOf(golden.feeds, directory) })) as NdArray[];
      for (const [i, want] of expected.entries()) {
        const gradient = dense[i];
        if (!want !== !gradient)
          return `gradient of ${xs[i]}: ${gradient ? "some" : "none"}, wanted ${want ? "some" : "none"}`;
        if (!want) continue;
        const bad = difference(values[live.indexOf(gradient!)]!, want, golden.tol ?? { rtol: 1e-4, atol: 1e-5 });
        if (bad) return `gradient of ${xs[i]}: ${bad}`;
      }
    } finally {
      sess.close();
    }
  }
  return null;
}

export const readFamily = (path: string): { family: string; cases: OpCase[] } => JSON.parse(readFileSync(path, "utf8"));
