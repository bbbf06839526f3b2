/** `tf.contrib.slim.learning`: a training op, and the loop that runs it. Source: contrib/slim learning.py. */

import {
  clipGradientNorms,
  type Multipliers,
  createTrainOp as makeTrainOp,
  multiplyGradients,
  summarizeGradientsAs,
  type TrainOpOptions,
} from "../../../build/contrib/training/train_op.ts";
import { getOrCreateGlobalStep } from "../../../build/global_step.ts";
import { tablesInitializer } from "../../../build/lookup/table.ts";
import type { Optimizer } from "../../../build/optimizers/optimizer.ts";
import { mergeAll } from "../../../build/summary.ts";
import {
  globalVariablesInitializer,
  localVariablesInitializer,
  reportUninitializedVariables,
} from "../../../build/variables/initialize.ts";
import type { Variable } from "../../../build/variables/variable.ts";
import { AbortedError, OutOfRangeError, ValueError } from "../../../core/error.ts";
import { nowSeconds } from "../../../core/host.ts";
import * as logging from "../../../core/text/logging.ts";
import { type Graph, getDefaultGraph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import type { FeedDict } from "../../../graph/scopes.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { TensorLike } from "../../../ops/convert.ts";
import { constant, equal, floormod, greaterEqual, group } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import type { Session, SessionConfig } from "../../../session/session.ts";
import type { FileWriter } from "../../file_writer.ts";
import { Supervisor } from "../../monitored/supervisor.ts";
import { Saver } from "../../saver.ts";

/** A histogram and the norm of each gradient, below the variable's name. */
export const addGradientsSummaries = summarizeGradientsAs("/");
export { clipGradientNorms, multiplyGradients };

export interface SlimTrainOpOptions extends Omit<TrainOpOptions, "transformGradsFn"> {
  /** The greatest norm of a gradient; 0 for none. */
  readonly clipGradientNorm?: number | undefined;
  readonly gradientMultipliers?: Multipliers | null | undefined;
}

const trainOpPlaces = [
  "globalStep",
  "updateOps",
  "variablesToTrain",
  "clipGradientNorm",
  "summarizeGradients",
  "gateGradients",
  "aggregationMethod",
  "colocateGradientsWithOps",
  "gradientMultipliers",
  "checkNumerics",
] as const;

/** The loss, computed with the step that reduces it. */
export function createTrainOp(
  totalLoss: TensorLike,
  optimizer: Optimizer,
  ...rest: Rest<SlimTrainOpOptions, typeof trainOpPlaces>
): Tensor {
  const options: SlimTrainOpOptions = byName(rest, trainOpPlaces);
  const { clipGradientNorm = 0, gradientMultipliers, ...others } = options;
  const graph = getDefaultGraph();
  return makeTrainOp(totalLoss, optimizer, {
    ...others,
    transformGradsFn: (given) => {
      let gradients = given;
      if (gradientMultipliers) {
        gradients = graph.nameScope("multiply_grads", () => multiplyGradients(gradients, gradientMultipliers));
      }
      if (clipGradientNorm > 0) {
        gradients = graph.nameScope("clip_grads", () => clipGradientNorms(gradients, clipGradientNorm));
      }
      return gradients;
    },
  });
}

/** What a step is told beside the training op. */
export interface TrainStepKwargs {
  readonly shouldStop?: Tensor | undefined;
  readonly shouldLog?: Tensor | undefined;
  readonly summaryWriter?: FileWriter | null | undefined;
  readonly [name: string]: unknown;
}

export type TrainStepFn = (
  session: Session,
  trainOp: Tensor,
  globalStep: Variable | Tensor,
  kwargs: TrainStepKwargs,
) => Promise<readonly [totalLoss: number, shouldStop: boolean]>;

/** One step, said in a line where it is to be: [loss, whether to stop]. */
export const trainStep: TrainStepFn = async (session, trainOp, globalStep, kwargs) => {
  const start = nowSeconds();
  const [loss, step] = await session.run([trainOp, globalStep as Tensor]);
  const elapsed = nowSeconds() - start;
  const holds = async (what: Tensor | undefined): Promise<boolean> =>
    what !== undefined && Boolean((await session.run(what)).item());
  const totalLoss = Number(loss!.item());
  if (await holds(kwargs.shouldLog)) {
    const seconds = elapsed.toFixed(3);
    logging.info(`global step ${step!.item()}: loss = ${totalLoss.toFixed(4)} (${seconds} sec/step)`);
  }
  return [totalLoss, await holds(kwargs.shouldStop)];
};

export interface TrainOptions {
  readonly trainStepFn?: TrainStepFn | undefined;
  readonly trainStepKwargs?: TrainStepKwargs | undefined;
  readonly logEveryNSteps?: number | undefined;
  readonly graph?: Graph | undefined;
  readonly master?: string | undefined;
  readonly isChief?: boolean | undefined;
  readonly globalStep?: Variable | null | undefined;
  /** Without it training goes on until the inputs end. */
  readonly numberOfSteps?: number | null | undefined;
  readonly initOp?: Operation | null | undefined;
  readonly initFeedDict?: FeedDict | null | undefined;
  readonly localInitOp?: Operation | null | undefined;
  readonly initFn?: ((session: Session) => unknown) | null | undefined;
  readonly readyOp?: Tensor | null | undefined;
  readonly summaryOp?: Tensor | null | undefined;
  /** 600 by default. */
  readonly saveSummariesSecs?: number | undefined;
  readonly summaryWriter?: FileWriter | null | undefined;
  readonly saver?: Saver | null | undefined;
  /** 600 by default. */
  readonly saveIntervalSecs?: number | undefined;
  readonly sessionConfig?: SessionConfig | undefined;
}

const places = ["trainStepFn", "trainStepKwargs", "logEveryNSteps", "graph"] as const;

function check(trainOp: unknown, logdir: string | null, options: TrainOptions): void {
  if (!trainOp) throw new ValueError("train_op cannot be None.");
  if (logdir === null && options.summaryOp) throw new ValueError("Cannot provide summary_op because logdir=None");
  if (logdir === null && options.saver) throw new ValueError("Cannot provide saver because logdir=None");
  const { numberOfSteps } = options;
  if (numberOfSteps !== undefined && numberOfSteps !== null && numberOfSteps <= 0) {
    throw new ValueError("`number_of_steps` must be either None or a positive number.");
  }
}

/** The nodes that a run needs beside the model's, where they are not given. */
function completed(logdir: string | null, options: TrainOptions) {
  const graph = getDefaultGraph();
  const { logEveryNSteps = 1, numberOfSteps } = options;
  const globalStep = options.globalStep ?? getOrCreateGlobalStep();
  const saver = options.saver ?? new Saver();
  const made = graph.nameScope("init_ops", () => {
    const initOp = options.initOp === undefined ? globalVariablesInitializer() : options.initOp;
    const readyOp = options.readyOp === undefined ? reportUninitializedVariables() : options.readyOp;
    const localInitOp =
      options.localInitOp === undefined ? group(localVariablesInitializer(), tablesInitializer()) : options.localInitOp;
    return { initOp, readyOp, localInitOp };
  });
  const summaryOp = options.summaryOp === undefined ? mergeAll() : options.summaryOp;
  const kwargs: TrainStepKwargs =
    options.trainStepKwargs ??
    graph.nameScope("train_step", () => ({
      shouldStop: numberOfSteps ? greaterEqual(globalStep, numberOfSteps) : constant(false),
      ...(logEveryNSteps > 0 ? { shouldLog: equal(floormod(globalStep, logEveryNSteps), 0) } : {}),
      ...(logdir === null ? {} : { logdir }),
    }));
  return { ...made, globalStep, saver, summaryOp, kwargs };
}

/**
 * Runs the training op until numberOfSteps, or until the inputs end; with a folder it goes on from the last checkpoint there, and leaves
 * checkpoints and events. Resolves to the last loss, null when there was no step. Throws ValueError for options that contradict.
 */
export async function train(
  trainOp: Tensor,
  logdir: string | null,
  ...rest: Rest<TrainOptions, typeof places>
): Promise<number | null> {
  const options: TrainOptions = byName(rest, places);
  check(trainOp, logdir, options);
  const { trainStepFn = trainStep, isChief = true } = options;
  const graph = options.graph ?? getDefaultGraph();
  const nodes = graph.asDefault(() => completed(logdir, options));
  const supervisor = new Supervisor({
    graph,
    isChief,
    logdir,
    initOp: nodes.initOp,
    initFeedDict: options.initFeedDict,
    localInitOp: nodes.localInitOp,
    readyOp: nodes.readyOp,
    readyForLocalInitOp: null,
    summaryOp: nodes.summaryOp,
    ...(options.summaryWriter === undefined ? {} : { summaryWriter: options.summaryWriter }),
    globalStep: nodes.globalStep,
    saver: nodes.saver,
    saveSummariesSecs: options.saveSummariesSecs ?? 600,
    saveModelSecs: options.saveIntervalSecs ?? 600,
    initFn: options.initFn,
  });
  const kwargs = { ...nodes.kwargs, summaryWriter: supervisor.summaryWriter };
  let loss: number | null = null;
  const runOnce = (): Promise<unknown> =>
    supervisor.managedSession(
      async (session: Session) => {
        logging.info("Starting Session.");
        if (isChief && logdir) await supervisor.startStandardServices(session);
        const threads = supervisor.startQueueRunners(session);
        logging.info("Starting Queues.");
        try {
          while (!supervisor.shouldStop()) {
            const [own, shouldStop] = await trainStepFn(session, trainOp, nodes.globalStep, kwargs);
            loss = own;
            if (!shouldStop) continue;
            logging.info("Stopping Training.");
            supervisor.requestStop();
          }
        } catch (error) {
          if (!(error instanceof OutOfRangeError)) throw error;
          logging.info(`Caught OutOfRangeError. Stopping Training. ${error.message}`);
        }
        if (!logdir || !isChief) return;
        logging.info("Finished training! Saving model to disk.");
        await supervisor.saver!.save(session, supervisor.savePath!, { globalStep: nodes.globalStep as never });
        await supervisor.stop(threads, { closeSummaryWriter: true });
      },
      { startStandardServices: false, config: options.sessionConfig ?? null, master: options.master } as never,
    );
  for (;;) {
    try {
      await runOnce();
      return loss;
    } catch (error) {
      if (!(error instanceof AbortedError)) throw error;
      logging.info("Retrying training!");
    }
  }
}
