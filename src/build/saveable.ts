/** What a Saver can save beside variables: objects that say which tensors they are written as. Source: saveable_object.py. */
import type { Operation } from "../graph/operation.ts";
import type { Tensor } from "../graph/tensor.ts";

/** One tensor of a checkpoint. */
export interface SaveSpec {
  readonly tensor: Tensor;
  /** Its name in the checkpoint. */
  readonly name: string;
}

export class SaveableObject {
  readonly name: string;
  readonly specs: readonly SaveSpec[];
  /** Makes the nodes that take the tensors back, in the order of the specs. */
  readonly restore: (tensors: readonly Tensor[]) => Operation;

  constructor(name: string, specs: readonly SaveSpec[], restore: (tensors: readonly Tensor[]) => Operation) {
    this.name = name;
    this.specs = specs;
    this.restore = restore;
  }

  /** Where its tensors are. */
  get device(): string {
    return this.specs[0]?.tensor.device ?? "";
  }
}
