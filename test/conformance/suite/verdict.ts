/** What a case of the goldens came to, and where the goldens lie. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { importGraphDefinition } from "../../../src/graph/def/import.ts";
import { Graph } from "../../../src/graph/graph.ts";
import "../../../src/index.ts";
import type { NdArray } from "../../../src/core/nd_array.ts";
import { decodeGraphDef } from "../../../src/proto/graph_def.ts";
import { Session } from "../../../src/session/session.ts";
import { difference, type GoldenValue, type Tolerance } from "../values.ts";

export type Status = "equal" | "differs" | "error" | "not supported";

export interface Verdict {
  readonly name: string;
  readonly status: Status;
  /** What differs, or the error. */
  readonly detail?: string;
}

/** One case: null when it is equal, else what differs. */
export interface GoldenCase {
  readonly name: string;
  readonly run: () => Promise<string | null> | string | null;
}

export interface Family {
  readonly name: string;
  readonly cases: readonly GoldenCase[];
}

export class Goldens {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  path(...parts: readonly string[]): string {
    return join(this.root, ...parts);
  }

  has(...parts: readonly string[]): boolean {
    return existsSync(this.path(...parts));
  }

  read<T>(...parts: readonly string[]): T {
    return JSON.parse(readFileSync(this.path(...parts), "utf8")) as T;
  }

  /** The cases of a document; none when the tree has no such file. */
  cases<T>(...parts: readonly string[]): readonly T[] {
    return this.has(...parts) ? this.read<{ cases: readonly T[] }>(...parts).cases : [];
  }
}

/** Runs one case; whatever it does, the next one runs. */
export async function judge({ name, run }: GoldenCase): Promise<Verdict> {
  try {
    const detail = await run();
    return detail === null ? { name, status: "equal" } : { name, status: "differs", detail };
  } catch (error) {
    const { name: kind = "Error", message = String(error) } = (error ?? {}) as Error;
    const detail = `${kind}: ${message.split("\n")[0]}`;
    const isMissing = /Op type not registered|No OpKernel was registered/.test(message);
    return { name, status: isMissing ? "not supported" : "error", detail };
  }
}

export const defaultTolerance: Tolerance = { rtol: 1e-5, atol: 1e-6 };

/** A graph of a golden, imported. */
export function graphOf(base64OrBytes: string | Uint8Array): Graph {
  const bytes =
    typeof base64OrBytes === "string" ? new Uint8Array(Buffer.from(base64OrBytes, "base64")) : base64OrBytes;
  const graph = new Graph();
  importGraphDefinition(decodeGraphDef(bytes), { name: "", graph });
  return graph;
}

/** Calls the function with a session on the graph, which is the default one. */
export const withSession = <T>(graph: Graph, fn: (sess: Session) => Promise<T>): Promise<T> =>
  graph.asDefault(async () => {
    await using sess = new Session({ graph, config: { allowSoftPlacement: true } });
    return await fn(sess);
  });

/** The first of several values by name that differs. */
export async function valuesDiffer(
  sess: Session,
  wanted: Readonly<Record<string, GoldenValue>>,
  tol: Tolerance = defaultTolerance,
  where = "",
): Promise<string | null> {
  for (const [name, want] of Object.entries(wanted)) {
    const bad = difference(await valueOf(sess, name), want, tol);
    if (bad) return `${where}${name}: ${bad}`;
  }
  return null;
}

/** A tensor's value; that of a resource variable by its name. */
export async function valueOf(sess: Session, name: string): Promise<NdArray> {
  const op = sess.graph.findOperation(name.replace(/:\d+$/, ""));
  if (op?.definition.variable !== "resource") return (await sess.run(name)) as unknown as NdArray;
  const value = sess.state.readVariable(sess.state.variableOf(op));
  if (!value) throw new Error(`${name} has no value`);
  return value;
}

/** A number within the tolerance, or what is wrong with it. */
export function numberDiffers(got: number, want: number | string, tol: Tolerance, what: string): string | null {
  const wanted = Number(want);
  if (Object.is(got, wanted) || Math.abs(got - wanted) <= tol.atol + tol.rtol * Math.abs(wanted)) return null;
  return `${what}: ${got}, wanted ${want}`;
}
