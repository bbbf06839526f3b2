/**
 * `tf.train.SyncReplicasOptimizer`: gradients of several workers' steps are averaged before they are applied.
 *
 *     gradients ─► accumulators ─► average ─► the wrapped optimizer ─► tokens in a queue, one for each worker's next step
 *
 * In one process all workers are threads or steps of one session. Source: tensorflow/python/training/sync_replicas_optimizer.py.
 */
import { GraphKeys } from "../../build/collections.ts";
import type { ExponentialMovingAverage } from "../../build/moving_averages.ts";
import {
  type ApplyArguments,
  applyPlaces,
  type ComputeOptions,
  type GradientAndVariable,
  type Gradients,
  type Loss,
  Optimizer,
} from "../../build/optimizers/optimizer.ts";
import { globalVariables, reportUninitializedVariables } from "../../build/variables/initialize.ts";
import { assign } from "../../build/variables/state.ts";
import type { Updated } from "../../build/variables/updated.ts";
import { Variable } from "../../build/variables/variable.ts";
import { RuntimeError, ValueError } from "../../core/error.ts";
import * as logging from "../../core/text/logging.ts";
import { getDefaultGraph } from "../../graph/graph.ts";
import { IndexedSlices } from "../../graph/indexed_slices.ts";
import type { Operation } from "../../graph/operation.ts";
import { Tensor } from "../../graph/tensor.ts";
import { ConditionalAccumulator, FIFOQueue, fill, group, noOp, SparseConditionalAccumulator } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import type { Session } from "../../session/session.ts";
import type { Coordinator } from "../queue/coordinator.ts";
import { QueueRunner } from "../queue/queue_runner.ts";
import { SessionRunHook } from "./hooks/session_run_hook.ts";
import { whyNotReady } from "./session_manager.ts";

export interface SyncReplicasOptions {
  /** Gradients that are averaged for one update. */
  readonly replicasToAggregate: number;
  /** Workers; as many as are aggregated by default. */
  readonly totalNumReplicas?: number | null | undefined;
  /** Kept of these variables after each update. */
  readonly variableAverages?: ExponentialMovingAverage | null | undefined;
  readonly variablesToAverage?: readonly Variable[] | null | undefined;
  readonly useLocking?: boolean | undefined;
  readonly name?: string | undefined;
}

/** What applyGradients made. */
interface Applied {
  readonly globalStep: Variable;
  readonly queue: FIFOQueue;
  readonly runner: QueueRunner;
  readonly localStepInitOp: Updated;
  readonly chiefInitOp: Operation;
  readonly readyForLocalInitOp: Tensor;
}

/** Wraps an optimizer: `new SyncReplicasOptimizer(opt, { replicasToAggregate })`. Its hook starts what hands out tokens. */
export class SyncReplicasOptimizer extends Optimizer {
  readonly #opt: Optimizer;
  readonly #options: SyncReplicasOptions & { readonly totalNumReplicas: number };
  #applied: Applied | null = null;

  constructor(
    opt: Optimizer,
    replicas: number | SyncReplicasOptions,
    options: Omit<SyncReplicasOptions, "replicasToAggregate"> = {},
  ) {
    const given = typeof replicas === "number" ? { ...options, replicasToAggregate: replicas } : replicas;
    super({ useLocking: given.useLocking, name: given.name }, "sync_replicas");
    this.#opt = opt;
    this.#options = { ...given, totalNumReplicas: given.totalNumReplicas ?? given.replicasToAggregate };
    logging.info(
      "SyncReplicasV2: replicas_to_aggregate=%s; total_num_replicas=%s",
      given.replicasToAggregate,
      this.#options.totalNumReplicas,
    );
  }

  override computeGradients(loss: Loss, options: ComputeOptions = {}): Gradients {
    return this.#opt.computeGradients(loss, options);
  }

  /** The operation of a worker's step: hands its gradients in and takes a token. Throws ValueError without variables and without a global step. */
  override applyGradients(...given: Rest<ApplyArguments, typeof applyPlaces>): Operation {
    const { gradsAndVars: pairs, globalStep = null } = byName<ApplyArguments>(given, applyPlaces);
    if (pairs.length === 0) throw new ValueError("Must supply at least one variable");
    if (!globalStep) throw new ValueError("Global step is required to check staleness");
    const graph = getDefaultGraph();
    const { replicasToAggregate, totalNumReplicas, variableAverages, variablesToAverage } = this.#options;
    noOp();
    const localStep = new Variable(0, {
      trainable: false,
      collections: [GraphKeys.LOCAL_VARIABLES],
      dtype: globalStep.dtype.baseDtype,
      name: "sync_rep_local_step",
    });
    const localStepInitOp = assign(localStep, globalStep);
    const readyForLocalInitOp = reportUninitializedVariables(globalVariables());
    return graph.nameScope(this.getName(), () => {
      const handedIn: Operation[] = [];
      const accumulators: [ConditionalAccumulator | SparseConditionalAccumulator, string][] = [];
      const averaged = pairs.map(
        ([gradient, variable]): GradientAndVariable =>
          graph.device(variable.device || null, () => {
            if (gradient === null) return [null, variable];
            const sharedName = `${variable.name}/grad_accum`;
            const local = { localStep };
            if (gradient instanceof IndexedSlices) {
              const made = new SparseConditionalAccumulator(gradient.values.dtype, { shape: [], sharedName });
              handedIn.push(made.applyIndexedSlicesGrad(gradient, local));
              accumulators.push([made, variable.device]);
              return [made.takeIndexedSlicesGrad(replicasToAggregate), variable];
            }
            if (!(gradient instanceof Tensor)) throw new ValueError("Unknown grad type!");
            const made = new ConditionalAccumulator(gradient.dtype, { shape: variable.shape, sharedName });
            handedIn.push(made.applyGrad(gradient, local));
            accumulators.push([made, variable.device]);
            return [made.takeGrad(replicasToAggregate), variable];
          }),
      );
      const besideStep = <R>(fn: () => R): R =>
        graph.device(globalStep.device || null, () => graph.nameScope(null, fn));
      const update = besideStep(() => this.#opt.applyGradients(averaged, { globalStep }));
      const type = globalStep.dtype.baseDtype;
      const queue = besideStep(
        () => new FIFOQueue(-1, type, { shapes: [[]], name: "sync_token_q", sharedName: "sync_token_q" }),
      );
      const trained = besideStep(() => {
        const token = graph.controlDependencies(handedIn, () => queue.dequeue()) as Tensor;
        const taken = assign(localStep, token);
        let synced: Operation = graph.controlDependencies([update], () => {
          const tokens = fill([Math.max(totalNumReplicas, replicasToAggregate)], globalStep);
          return queue.enqueueMany([tokens]);
        });
        if (variableAverages) {
          const { variables } = { variables: variablesToAverage ?? undefined };
          synced = graph.controlDependencies([synced], () =>
            graph.nameScope(null, () => variableAverages.apply(variables as never)),
          ) as Operation;
        }
        return { taken, runner: new QueueRunner(queue, [synced]) };
      });
      const stepsSet = accumulators.map(([made, device]) =>
        graph.device(device || null, () => made.setGlobalStep(globalStep, { name: "SetGlobalStep" })),
      );
      const chiefInitOp = group(localStepInitOp.op, ...stepsSet);
      this.#applied = { globalStep, queue, runner: trained.runner, localStepInitOp, chiefInitOp, readyForLocalInitOp };
      return trained.taken as unknown as Operation;
    });
  }

  /** What runs the update again and again. Throws ValueError before applyGradients. */
  getChiefQueueRunner(): QueueRunner {
    if (!this.#applied) throw new ValueError("Should be called after apply_gradients().");
    return this.#applied.runner;
  }

  get chiefInitOp(): Operation | null {
    return this.#applied?.chiefInitOp ?? null;
  }

  get localStepInitOp(): Updated | null {
    return this.#applied?.localStepInitOp ?? null;
  }

  get readyForLocalInitOp(): Tensor | null {
    return this.#applied?.readyForLocalInitOp ?? null;
  }

  override getSlot(variable: Variable, name: string): Variable | null {
    return this.#opt.getSlot(variable, name);
  }

  override getSlotNames(): string[] {
    return this.#opt.getSlotNames();
  }

  override variables(): Variable[] {
    return this.#opt.variables();
  }

  /** The first tokens: as many as gradients are averaged by default. Throws ValueError for too few. */
  getInitTokensOp(numTokens = -1): Operation {
    if (!this.#applied) throw new ValueError("get_init_tokens_op() should be called after apply_gradients().");
    const { queue, globalStep } = this.#applied;
    const { replicasToAggregate, totalNumReplicas } = this.#options;
    const needed = replicasToAggregate - totalNumReplicas;
    if (numTokens !== -1 && numTokens < needed) {
      throw new ValueError(`Too few tokens to finish the first step: ${numTokens} (given) vs ${needed} (needed)`);
    }
    const count = numTokens === -1 ? replicasToAggregate : numTokens;
    if (count <= 0) return noOp({ name: "no_init_tokens" });
    const graph = getDefaultGraph();
    return graph.device(globalStep.device || null, () =>
      graph.nameScope(null, () => queue.enqueueMany([fill([count], globalStep)])),
    );
  }

  /** The hook that readies a worker's session; the chief's starts handing out tokens. */
  makeSessionRunHook(isChief: boolean, options: { readonly numTokens?: number } = {}): SessionRunHook {
    return new SyncReplicasHook(this, isChief, options.numTokens ?? -1);
  }

  protected override applyDense(): never {
    throw new RuntimeError("the wrapped optimizer applies gradients");
  }

  protected override applySparse(): never {
    throw new RuntimeError("the wrapped optimizer applies gradients");
  }
}

class SyncReplicasHook extends SessionRunHook {
  readonly #optimizer: SyncReplicasOptimizer;
  readonly #isChief: boolean;
  readonly #numTokens: number;
  #initTokensOp: Operation | null = null;

  constructor(optimizer: SyncReplicasOptimizer, isChief: boolean, numTokens: number) {
    super();
    this.#optimizer = optimizer;
    this.#isChief = isChief;
    this.#numTokens = numTokens;
  }

  override begin(): void {
    if (!this.#optimizer.chiefInitOp) {
      throw new ValueError("SyncReplicasOptimizer.apply_gradient should be called before using the hook.");
    }
    if (this.#isChief) this.#initTokensOp = this.#optimizer.getInitTokensOp(this.#numTokens);
  }

  override async afterCreateSession(session: Session, coord: Coordinator): Promise<void> {
    const initOp = this.#isChief ? this.#optimizer.chiefInitOp! : this.#optimizer.localStepInitOp!.op;
    const about = "Model is not ready for SyncReplicasOptimizer local init.";
    const error = await whyNotReady(this.#optimizer.readyForLocalInitOp, session, about);
    if (error !== null) {
      throw new RuntimeError(
        `Init operations did not make model ready for SyncReplicasOptimizer local_init. Init op: ${initOp.name}, error: ${error}`,
      );
    }
    await session.run(initOp);
    if (!this.#initTokensOp) return;
    await session.run(this.#initTokensOp);
    this.#optimizer.getChiefQueueRunner().createThreads(session, { coord, daemon: true, start: true });
  }
}
