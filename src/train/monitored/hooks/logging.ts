/** Hooks that tell how training goes: values, steps per second, a loss that is no number. Source: basic_session_run_hooks.py. */
import { getGlobalStep } from "../../../build/global_step.ts";
import { RuntimeError, ValueError } from "../../../core/error.ts";
import type { NdArray } from "../../../core/nd_array.ts";
import * as logging from "../../../core/text/logging.ts";
import { type Graph, getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import { isTensorConvertible, Tensor, type TensorConvertible } from "../../../graph/tensor.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import type { Session } from "../../../session/session.ts";
import type { FileWriter } from "../../file_writer.ts";
import { FileWriterCache } from "./file_writer_cache.ts";
import { asStep, globalStepRead, stepValue } from "./global_step_read.ts";
import { SessionRunArgs, type SessionRunContext, SessionRunHook, type SessionRunValues } from "./session_run_hook.ts";
import { type HookTimer, neverTriggers, SecondOrStepTimer } from "./timer.ts";

type Named = string | Tensor | TensorConvertible;
type Tensors = readonly Named[] | Readonly<Record<string, Named>>;
type Values = Readonly<Record<string, NdArray>>;

export interface LoggingOptions {
  readonly everyNIter?: number | null | undefined;
  readonly everyNSecs?: number | null | undefined;
  /** Once more at the end. */
  readonly atEnd?: boolean | undefined;
  /** The line of the values by tag. */
  readonly formatter?: ((values: Values) => string) | null | undefined;
}

interface NamedLogging extends LoggingOptions {
  readonly tensors: Tensors;
}

const loggingPlaces = ["everyNIter", "everyNSecs", "atEnd", "formatter"] as const;

/** Logs values by tag: `loss = 0.5, step = 100 (1.234 sec)`. Throws ValueError unless one interval (or atEnd alone) is given. */
export class LoggingTensorHook extends SessionRunHook {
  readonly #tensors: ReadonlyMap<string, Named>;
  readonly #formatter: LoggingOptions["formatter"];
  readonly #timer: HookTimer;
  readonly #atEnd: boolean;
  #current: Record<string, Tensor> = {};
  #iteration = 0;
  #shouldTrigger = false;

  constructor(tensors: Tensors, ...given: Rest<LoggingOptions, typeof loggingPlaces>);
  constructor(named: NamedLogging);
  constructor(first: Tensors | NamedLogging, ...given: Rest<LoggingOptions, typeof loggingPlaces>) {
    super();
    const isNamed = given.length === 0 && !Array.isArray(first) && "tensors" in first;
    const tensors = isNamed ? (first as NamedLogging).tensors : (first as Tensors);
    const options = isNamed ? (first as NamedLogging) : byName<LoggingOptions>(given, loggingPlaces);
    const { everyNIter = null, everyNSecs = null, atEnd = false, formatter } = options;
    const onlyAtEnd = atEnd && everyNIter === null && everyNSecs === null;
    if (!onlyAtEnd && (everyNIter === null) === (everyNSecs === null)) {
      throw new ValueError("either at_end and/or exactly one of every_n_iter and every_n_secs must be provided.");
    }
    if (everyNIter !== null && everyNIter <= 0) throw new ValueError(`invalid every_n_iter=${everyNIter}.`);
    this.#tensors = Array.isArray(tensors)
      ? new Map((tensors as readonly Named[]).map((item) => [typeof item === "string" ? item : String(item), item]))
      : new Map(Object.entries(tensors as Record<string, Named>).sort(([a], [b]) => (a < b ? -1 : 1)));
    this.#formatter = formatter;
    this.#timer = onlyAtEnd ? neverTriggers : new SecondOrStepTimer({ everySecs: everyNSecs, everySteps: everyNIter });
    this.#atEnd = atEnd;
  }

  override begin(): void {
    this.#timer.reset();
    this.#iteration = 0;
    const graph = getDefaultGraph();
    this.#current = Object.fromEntries([...this.#tensors].map(([tag, item]) => [tag, elementOf(graph, item)]));
  }

  override beforeRun(): SessionRunArgs | null {
    this.#shouldTrigger = this.#timer.shouldTriggerForStep(this.#iteration);
    return this.#shouldTrigger ? new SessionRunArgs(this.#current) : null;
  }

  override afterRun(_: SessionRunContext, { results }: SessionRunValues): void {
    if (this.#shouldTrigger) this.#log(results);
    this.#iteration++;
  }

  #log(values: Values): void {
    const [seconds] = this.#timer.updateLastTriggeredStep(this.#iteration);
    if (this.#formatter) {
      logging.info("%s", this.#formatter(values));
      return;
    }
    const text = [...this.#tensors.keys()].map((tag) => `${tag} = ${values[tag]}`).join(", ");
    if (seconds === null) logging.info("%s", text);
    else logging.info("%s (%.3f sec)", text, seconds);
  }

  override async end(session: Session): Promise<void> {
    if (this.#atEnd) this.#log((await session.run(this.#current)) as Values);
  }
}

/** A tensor of the graph; a name without a number means the only output. */
function elementOf(graph: Graph, item: Named): Tensor {
  if (typeof item !== "string") {
    const tensor = isTensorConvertible(item) ? (item.asGraphElement?.() ?? null) : item;
    if (!(tensor instanceof Tensor) || tensor.graph !== graph) {
      throw new ValueError(
        `Passed ${String(item)} should have graph attribute that is equal to current graph ${graph}.`,
      );
    }
    return tensor;
  }
  if (item.includes(":")) return graph.asGraphElement(item) as Tensor;
  const op = graph.asGraphElement(item) as Operation;
  if (op.outputs.length > 1) {
    throw new ValueError(`Name ${item} is ambiguous, as this \`Operation\` has multiple outputs (at least 2).`);
  }
  return graph.asGraphElement(`${item}:0`) as Tensor;
}

export interface StepCounterOptions {
  readonly everyNSteps?: number | null | undefined;
  readonly everyNSecs?: number | null | undefined;
  readonly outputDir?: string | null | undefined;
  readonly summaryWriter?: FileWriter | null | undefined;
}

const counterPlaces = ["everyNSteps", "everyNSecs", "outputDir", "summaryWriter"] as const;

/** Steps per second, logged and written as `global_step/sec`; every 100 steps by default. */
export class StepCounterHook extends SessionRunHook {
  readonly #timer: SecondOrStepTimer;
  readonly #outputDir: string | null;
  #writer: FileWriter | null;
  #step!: Tensor;
  #tag = "";
  #lastStep: number | null = null;

  constructor(...given: Rest<StepCounterOptions, typeof counterPlaces>) {
    super();
    const options = byName<StepCounterOptions>(given, counterPlaces);
    const { everyNSecs = null, outputDir = null, summaryWriter = null } = options;
    const everyNSteps = given[0] === null ? null : options.everyNSteps === undefined ? 100 : options.everyNSteps;
    if ((everyNSteps === null) === (everyNSecs === null)) {
      throw new ValueError("exactly one of every_n_steps and every_n_secs should be provided.");
    }
    this.#timer = new SecondOrStepTimer({ everySteps: everyNSteps, everySecs: everyNSecs });
    this.#outputDir = outputDir;
    this.#writer = summaryWriter;
  }

  override begin(): void {
    if (!this.#writer && this.#outputDir) this.#writer = FileWriterCache.get(this.#outputDir);
    this.#step = globalStepRead("StepCounterHook");
    this.#tag = `${getGlobalStep()!.op.name}/sec`;
  }

  override beforeRun(): SessionRunArgs {
    return new SessionRunArgs(this.#step);
  }

  override async afterRun({ session }: SessionRunContext, { results }: SessionRunValues): Promise<void> {
    const stale = asStep(results);
    if (this.#timer.shouldTriggerForStep(stale + 1)) {
      const step = await stepValue(session, this.#step);
      if (this.#timer.shouldTriggerForStep(step)) {
        const [seconds, steps] = this.#timer.updateLastTriggeredStep(step);
        if (seconds !== null) this.#record(steps! / seconds, step);
      }
    }
    if (stale === this.#lastStep) {
      logging.logFirstN(
        logging.WARN,
        "It seems that global step (tf.train.get_global_step) has not been increased. Current value (could be stable): %s vs previous value: %s. You could increase the global step by passing tf.train.get_global_step() to Optimizer.apply_gradients or Optimizer.minimize.",
        5,
        stale,
        this.#lastStep,
      );
    }
    this.#lastStep = stale;
  }

  #record(stepsPerSecond: number, step: number): void {
    this.#writer?.addScalar(this.#tag, stepsPerSecond, step);
    logging.info("%s: %s", this.#tag, String(Number(stepsPerSecond.toPrecision(6))));
  }

  override end(): void {
    this.#writer?.flush();
  }
}

export class NanLossDuringTrainingError extends RuntimeError {
  override name = "NanLossDuringTrainingError";

  constructor() {
    super("NaN loss during training.");
  }
}

interface NanOptions {
  readonly failOnNanLoss?: boolean | undefined;
}

const nanPlaces = ["failOnNanLoss"] as const;

/** Throws NanLossDuringTrainingError when the loss is no number, or stops where failOnNanLoss is false. */
export class NanTensorHook extends SessionRunHook {
  readonly #loss: Tensor;
  readonly #fails: boolean;

  constructor(lossTensor: Tensor, ...given: Rest<NanOptions, typeof nanPlaces>) {
    super();
    const options = byName<NanOptions>(given, nanPlaces);
    this.#loss = lossTensor;
    this.#fails = options.failOnNanLoss ?? true;
  }

  override beforeRun(): SessionRunArgs {
    return new SessionRunArgs(this.#loss);
  }

  override afterRun(runContext: SessionRunContext, { results }: SessionRunValues): void {
    if (!Number.isNaN(Number(results.item()))) return;
    const text = "Model diverged with loss = NaN.";
    if (this.#fails) {
      logging.error(text);
      throw new NanLossDuringTrainingError();
    }
    logging.warn(text);
    runContext.requestStop();
  }
}
