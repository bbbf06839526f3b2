/**
 * Runs a program that was loaded: initial values, setup, queue runners, then its runs one by one, and what its variables hold at the end.
 * Order as TensorFlow users have it: restore or initialize ─► setup ─► queue runners ─► runs.
 */
import { FailedPreconditionError, InvalidArgumentError, OpError, ValueError } from "../../core/error.ts";
import { elementAt, type NdArray } from "../../core/nd_array.ts";
import { Session } from "../../session/session.ts";
import type { FilePolicy } from "../../session/state.ts";
import { Coordinator } from "../queue/coordinator.ts";
import { startQueueRunners } from "../queue/queue_runner.ts";
import { type Program, restoreProgram } from "./load.ts";
import type { FeedSet, PlannedRun } from "./plan.ts";

export interface ProgramOptions {
  /** A checkpoint's prefix; otherwise the name of an initializer, or neither. */
  readonly checkpoint: string | null;
  readonly init: string | null;
  readonly setup: readonly PlannedRun[];
  readonly queueRunners: boolean;
  readonly runs: Iterable<PlannedRun>;
  readonly feedSets: readonly FeedSet[];
  /** Fed in every run beside its set. */
  readonly feeds: readonly (readonly [string, unknown])[];
  /** Written at the end. */
  readonly save: string | null;
  /** Null: the graph is trusted. */
  readonly filePolicy: FilePolicy | null;
}

/** What one run gave: values by the names asked for, or the code of the error that the plan wants. */
export interface RunResult {
  readonly run: number;
  readonly fetches?: ReadonlyMap<string, NdArray | null>;
  readonly error?: string;
}

/** A variable in short: enough to compare, little to print. */
export interface VariableSummary {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly sum: number;
  readonly l2: number;
  /** The first 8 elements. */
  readonly head: readonly unknown[];
}

export interface ProgramEnd {
  /** By name, null for a variable without a value. */
  readonly final: ReadonlyMap<string, VariableSummary | null>;
  /** The checkpoint written. */
  readonly saved: string | null;
}

/**
 * Calls `report` after each run. Throws what a run throws unless the plan wants that code, and FAILED_PRECONDITION with exit 7 where the
 * wanted error does not come.
 */
export async function runProgram(
  program: Program,
  options: ProgramOptions,
  report: (result: RunResult) => void,
): Promise<ProgramEnd> {
  const { graph } = program;
  const { filePolicy } = options;
  return graph.asDefault(async () => {
    await using sess = new Session({
      graph,
      config: { allowSoftPlacement: true },
      ...(filePolicy ? { filePolicy } : {}),
    });
    if (options.checkpoint !== null) await restoreProgram(program, sess, options.checkpoint);
    else if (options.init !== null) await sess.run(options.init);
    for (const step of options.setup) await runOnce(sess, step, options);
    const coord = new Coordinator();
    if (options.queueRunners) startQueueRunners({ sess, coord });
    try {
      let run = 0;
      for (const planned of options.runs) report(await checkedRun(sess, planned, run++, options));
      const saved = options.save === null ? null : await saveProgram(program, sess, options.save);
      return { final: summaries(program, sess), saved };
    } finally {
      coord.requestStop();
    }
  });
}

async function runOnce(
  sess: Session,
  { targets, fetches, feeds }: PlannedRun,
  { feedSets, feeds: always }: ProgramOptions,
): Promise<(NdArray | null)[]> {
  const set = feeds === null ? new Map() : feedSets[feeds];
  if (!set) throw new InvalidArgumentError(`feeds ${feeds}: there are ${feedSets.length} sets`);
  const wanted = [fetches.map((name) => name), targets.map((name) => sess.graph.asGraphElement(name))];
  const [values] = (await sess.run(wanted as never, { feedDict: [...set, ...always] })) as [(NdArray | null)[]];
  return values;
}

async function checkedRun(
  sess: Session,
  planned: PlannedRun,
  run: number,
  options: ProgramOptions,
): Promise<RunResult> {
  let values: (NdArray | null)[];
  try {
    values = await runOnce(sess, planned, options);
  } catch (error) {
    if (planned.error === null || !(error instanceof OpError) || error.code !== planned.error) throw atRun(error, run);
    return { run, error: error.code };
  }
  if (planned.error !== null) {
    const error = new FailedPreconditionError(`run ${run} must end with ${planned.error}, and did not`);
    throw Object.assign(error, { exit: 7 });
  }
  return { run, fetches: new Map(planned.fetches.map((name, i) => [name, values[i] ?? null])) };
}

/** The error with the number of its run, for the one who prints it. */
const atRun = (error: unknown, run: number): unknown =>
  error instanceof Error ? Object.assign(error, { run }) : error;

function summaries({ variables }: Program, sess: Session): Map<string, VariableSummary | null> {
  const { state } = sess;
  return new Map(
    [...variables]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, op]) => {
        const value = state.readVariable(state.variableOf(op));
        return [name, value && summaryOf(value)];
      }),
  );
}

/** Sums in double; those of strings are 0. */
function summaryOf(value: NdArray): VariableSummary {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < value.size && ArrayBuffer.isView(value.data); i++) {
    const x = Number(elementAt(value, i));
    sum += x;
    squares += x * x;
  }
  return {
    dtype: value.dtype.baseDtype.name,
    shape: value.shape,
    sum,
    l2: Math.sqrt(squares),
    head: Array.from({ length: Math.min(8, value.size) }, (_, i) => elementAt(value, i)),
  };
}

async function saveProgram({ saver }: Program, sess: Session, prefix: string): Promise<string | null> {
  if (!saver) throw new ValueError("The graph has no saver: --save needs a MetaGraphDef (--meta)");
  return saver.save(sess, prefix);
}
