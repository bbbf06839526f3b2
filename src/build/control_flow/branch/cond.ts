/** `tf.cond` and `tf.case`: one of several branches runs. Source: tensorflow/python/ops/cond.py, control_flow_case.py. */

import { bool, int32 } from "../../../core/dtype.ts";
import { TypeError, ValueError } from "../../../core/error.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { IndexedSlices } from "../../../graph/indexed_slices.ts";
import type { Operation } from "../../../graph/operation.ts";
import { Tensor } from "../../../graph/tensor.ts";
import { convertToTensor, type TensorLike } from "../../../ops/convert.ts";
import { cast, constant, identity, lessEqual, reduceSum, stack } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { GraphKeys } from "../../collections.ts";
import { controlFlowV2Enabled } from "../../functions/behavior.ts";
import { FunctionBody } from "../../functions/body.ts";
import { condV2 } from "../../functions/cond.ts";
import { assertThat } from "../assert.ts";
import { isTrue, predicateTexts } from "../at_once.ts";
import { condInFunction } from "../in_function.ts";
import { type Flowing, merge, switchOf } from "../nodes.ts";
import { checkSameStructure, type FlowArray, flatten, isFlowArray, type Nested, pack } from "../structure.ts";
import { CondContext } from "./cond_context.ts";

export type BranchLeaf = TensorLike | Operation | IndexedSlices | FlowArray;
export type BranchResult = Nested<BranchLeaf>;

export interface CondOptions {
  /** A list of one stays a list. */
  readonly strict?: boolean;
  readonly name?: string | undefined;
}

/** A list of numbers is one tensor, a list of tensors several. */
const leavesOf = (result: BranchResult): BranchLeaf[] => flatten<BranchLeaf>(result as Nested<BranchLeaf>);

const condPlaces = ["strict", "name"] as const;
type CondRest = Rest<CondOptions, typeof condPlaces>;

/**
 * What trueFn or falseFn returns, by the boolean scalar pred; only that branch's operations run, and what both need is computed
 * outside. Both functions return the same structure of the same dtypes. Throws TypeError or ValueError in Python's words.
 */
export function cond(pred: TensorLike, trueFn: () => Tensor, falseFn: () => Tensor, ...rest: CondRest): Tensor;
export function cond<R extends [Tensor, Tensor, ...Tensor[]]>(
  pred: TensorLike,
  trueFn: () => R,
  falseFn: () => R,
  ...rest: CondRest
): { -readonly [K in keyof R]: Tensor };
export function cond<R extends BranchResult>(
  pred: TensorLike,
  trueFn: () => R,
  falseFn: () => R,
  ...rest: CondRest
): Tensor | Nested<Tensor | IndexedSlices | FlowArray>;
export function cond<R extends BranchResult>(
  pred: TensorLike,
  trueFn: () => R,
  falseFn: () => R,
  ...rest: CondRest
): Tensor | Nested<Tensor | IndexedSlices | FlowArray> {
  const options = byName<CondOptions>(rest, condPlaces);
  if (trueFn === null || trueFn === undefined) throw new TypeError("cond(): 'true_fn' argument required");
  if (falseFn === null || falseFn === undefined) throw new TypeError("cond(): 'false_fn' argument required");
  if (typeof trueFn !== "function") throw new TypeError("'true_fn' must be callable.");
  if (typeof falseFn !== "function") throw new TypeError("'false_fn' must be callable.");
  const graph = getDefaultGraph();
  if (graph.isEager) {
    const result = isTrue(pred) ? trueFn() : falseFn();
    return ((options.strict ?? false) ? result : single(result)) as Tensor;
  }
  if (graph instanceof FunctionBody)
    return single(condInFunction(graph, pred, trueFn, falseFn) as BranchResult) as Tensor;
  if (controlFlowV2Enabled()) {
    return single(condV2(pred, trueFn, falseFn, { name: options.name || "cond" }) as BranchResult) as Tensor;
  }
  return graph.nameScope(options.name ?? "cond", () => {
    if (typeof pred === "boolean") throw new TypeError("'pred' must not be a Python bool.");
    const given = convertToTensor(pred, { name: "pred" });
    const [onFalse, onTrue] = graph.nameScope("Switch", (scope) => switchOf(given, given, scope));
    const pivotTrue = identity(onTrue, { name: "switch_t" });
    const pivotFalse = identity(onFalse, { name: "switch_f" });
    const predicate = identity(given, { name: "pred_id" });
    for (const tensor of [onTrue, onFalse, pivotTrue, pivotFalse, predicate]) graph.preventFetching(tensor.op);
    const contextTrue = new CondContext(predicate, pivotTrue, 1);
    const whenTrue = branch(contextTrue, trueFn, "true_fn");
    const contextFalse = new CondContext(predicate, pivotFalse, 0);
    const whenFalse = branch(contextFalse, falseFn, "false_fn");
    const strict = options.strict ?? false;
    const shown = strict ? whenTrue.result : single(whenTrue.result);
    checkSameStructure(shown, strict ? whenFalse.result : single(whenFalse.result));
    for (const [i, x] of whenTrue.tensors.entries()) checkDtypes(x, whenFalse.tensors[i]!);
    const merged = whenFalse.tensors.map((x, i) => merge([x, whenTrue.tensors[i]!]));
    if (contextTrue.outerContext === null) {
      graph.addToCollection(GraphKeys.COND_CONTEXT, contextTrue);
      graph.addToCollection(GraphKeys.COND_CONTEXT, contextFalse);
    }
    const originals = leavesOf(whenTrue.result);
    const results = merged.map((tensor, i) => {
      const original = originals[i];
      return isFlowArray(original) ? original.withFlow(tensor as Tensor) : tensor;
    });
    return pack(shown, results) as Nested<Tensor | IndexedSlices | FlowArray>;
  });
}

const single = (result: BranchResult): BranchResult =>
  Array.isArray(result) && result.length === 1 ? (result as readonly BranchResult[])[0]! : result;

function branch(
  context: CondContext,
  fn: () => BranchResult,
  which: string,
): { result: BranchResult; tensors: Flowing[] } {
  return context.within(() => {
    const built = context.build(fn, (result) => {
      if (result === undefined || result === null) throw new ValueError(`'${which}' must have a return value.`);
      const leaves = leavesOf(result);
      if (leaves.length === 0) throw new ValueError("'true_fn' and 'false_fn' must return at least one result.");
      return leaves.map((leaf) => (isFlowArray(leaf) ? leaf.flow : leaf));
    });
    context.exitResult(built.tensors);
    return built;
  });
}

function checkDtypes(onTrue: Flowing, onFalse: Flowing): void {
  if (onTrue.dtype.baseDtype === onFalse.dtype.baseDtype) return;
  throw new ValueError(
    `Outputs of 'true_fn' and 'false_fn' must have the same type(s). Received ${onTrue.dtype.name} from 'true_fn' and ${onFalse.dtype.name} from 'false_fn'.`,
  );
}

export type PredicateAndFn = readonly [Tensor, () => BranchResult];

export interface CaseOptions extends CondOptions {
  readonly default?: (() => BranchResult) | undefined;
  /** More than one true predicate is an error when run. */
  readonly exclusive?: boolean;
}

/** What the function beside the first true predicate returns, or the default one. Without a default, no true predicate is an error when run. */
export function caseOf(
  pairs: readonly PredicateAndFn[],
  ...rest: Rest<CaseOptions, ["default", "exclusive", "strict", "name"]>
): Tensor | Nested<Tensor | IndexedSlices | FlowArray> {
  const options: CaseOptions = byName(rest, ["default", "exclusive", "strict", "name"]);
  const { exclusive = false, strict = false, name } = options;
  if (!Array.isArray(pairs))
    throw new TypeError(`'pred_fn_pairs' must be a list, tuple, or dict. Received: ${typeof pairs}`);
  for (const pair of pairs) checkPair(pair);
  return getDefaultGraph().nameScope(name || "case", () => {
    let cases = [...pairs];
    let last = options.default;
    if (!last) {
      last = lastCase(cases);
      cases = cases.slice(0, -1);
    }
    const run = [...cases].reverse().reduce<() => BranchResult>(
      (otherwise, [pred, fn]) =>
        () =>
          cond(pred, fn, otherwise, { strict }) as BranchResult,
      last,
    );
    if (!exclusive) return run() as Tensor;
    const check = atMost(
      1,
      cases.map(([pred]) => pred),
      "Input error: exclusive=True",
    );
    return getDefaultGraph().controlDependencies([check], () => run() as Tensor);
  });
}

function checkPair(pair: unknown): void {
  if (!Array.isArray(pair) || pair.length !== 2)
    throw new TypeError(`Each entry in 'pred_fn_pairs' must be a 2-tuple. Received ${String(pair)}.`);
  const [pred, fn] = pair as [unknown, unknown];
  if (!(pred instanceof Tensor)) throw new TypeError(`pred must be a Tensor, got: ${String(pred)}`);
  if (pred.dtype !== bool) throw new TypeError(`pred must be Tensor of type bool: ${pred.shownName}`);
  if (typeof fn !== "function") throw new TypeError(`fn for pred ${pred.shownName} must be callable.`);
}

/** The last pair's function, which must be the one that applies. */
function lastCase(pairs: readonly PredicateAndFn[]): () => BranchResult {
  const predicates = pairs.map(([pred]) => pred);
  const [pred, fn] = pairs.at(-1)!;
  return () => {
    const others = `Implementation error: selected default action #${pairs.length - 1} was called, but some of other predicates are True: `;
    const none = "Input error: None of conditions evaluated as True:";
    const stacked = stack(predicates, { name: "preds_c" });
    const checks = [atMost(0, predicates.slice(0, -1), others), assertThat(pred, [none, stacked])];
    return getDefaultGraph().controlDependencies(checks, fn);
  };
}

function atMost(n: number, predicates: readonly Tensor[], text: string): Operation {
  const stacked = stack(predicates, { name: "preds_c" });
  const count = reduceSum(cast(stacked, int32), { name: "num_true_conds" });
  const condition = lessEqual(count, constant(n, { name: "n_true_conds" }));
  const names = predicateTexts(predicates);
  const data = [`${text}: more than ${n} conditions (${names}) evaluated as True:`, stacked];
  return assertThat(condition, data, { summarize: predicates.length });
}
