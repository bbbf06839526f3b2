/** Cells that walk along the tags of a chain. Source: contrib/crf crf.py. */
import { int32 } from "../../../core/dtype.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import {
  argmax,
  cast,
  expandDims,
  gatherNd,
  range,
  reduceLogsumexp,
  reduceMax,
  shape as shapeOf,
  squeeze,
  stack,
} from "../../../ops/index.ts";
import type { Nested } from "../../control_flow/structure.ts";
import { add } from "../../operators.ts";
import { RNNCell, type StepResult } from "../../rnn/cell.ts";
import type { State } from "../../rnn/state.ts";
import type { Variable } from "../../variables/variable.ts";

abstract class TagCell extends RNNCell {
  readonly stateSize: number;
  readonly outputSize: number;

  constructor(size: number, className: string) {
    super({}, className);
    this.stateSize = size;
    this.outputSize = size;
  }

  /** No scope of its own: there are no variables. */
  override apply(inputs: Nested<Tensor>, state: State): StepResult {
    return this.call(inputs as Tensor, state as Tensor);
  }

  protected abstract override call(inputs: Nested<Tensor>, state: State): StepResult;
}

abstract class ForwardCell extends TagCell {
  readonly #transitions: Tensor;

  constructor(transitionParams: Tensor | Variable, className: string) {
    super(transitionParams.shape![0] as number, className);
    this.#transitions = expandDims(transitionParams, 0);
  }

  /** The score of each next tag through each one before. */
  protected scores(state: State): Tensor {
    return add(expandDims(state as Tensor, 2), this.#transitions);
  }
}

/** A step of the forward algorithm: sums over the tags before. */
export class CrfForwardRnnCell extends ForwardCell {
  constructor(transitionParams: Tensor | Variable) {
    super(transitionParams, "CrfForwardRnnCell");
  }

  protected override call(inputs: Nested<Tensor>, state: State): StepResult {
    const alphas = add(inputs as Tensor, reduceLogsumexp(this.scores(state), { axis: [1] }));
    return [alphas, alphas];
  }
}

/** A step of decoding: the best tag before each one, and its score. */
export class CrfDecodeForwardRnnCell extends ForwardCell {
  constructor(transitionParams: Tensor | Variable) {
    super(transitionParams, "CrfDecodeForwardRnnCell");
  }

  protected override call(inputs: Nested<Tensor>, state: State): StepResult {
    const scores = this.scores(state);
    const next = add(inputs as Tensor, reduceMax(scores, { axis: [1] }));
    return [cast(argmax(scores, { axis: 1 }), int32) as Tensor, next];
  }
}

/** A step back along the tags that decoding found. */
export class CrfDecodeBackwardRnnCell extends TagCell {
  constructor(_numTags: number) {
    super(1, "CrfDecodeBackwardRnnCell");
  }

  protected override call(inputs: Nested<Tensor>, state: State): StepResult {
    const tags = squeeze(state as Tensor, { axis: [1] });
    const rows = range(shapeOf(inputs as Tensor).at(0));
    const next = expandDims(gatherNd(inputs as Tensor, stack([rows, tags], { axis: 1 })), -1);
    return [next, next];
  }
}
