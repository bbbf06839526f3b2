/** `tf.contrib.layers`: summaries of tensors and collections. Source: contrib/layers summaries.py. */
import { bool, float32, string } from "../../../core/dtype.ts";
import { getDefaultGraph } from "../../../graph/graph.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { cast, constant, greater, less, reduceMean, relu6Op, reluOp, softplusOp } from "../../../ops/index.ts";
import { byName, type Rest } from "../../../ops/options.ts";
import { GraphKeys, getCollection } from "../../collections.ts";
import { histogram, scalar } from "../../summary.ts";

type Summarizer = (tensor: Tensor) => Tensor | null;

const tagOf = (tensor: Tensor, tag?: string | null): string => tag || `${tensor.op.name}_summary`;

const floatOf = (value: number, { dtype }: Tensor): Tensor =>
  getDefaultGraph().nameScope("Cast", () => constant(value, { dtype, name: "x" }));

/** The part of an activation's inputs on one side of a limit. */
function part(tensor: Tensor, compare: typeof less, limit: number, tag: string): void {
  const [input] = tensor.op.inputs;
  const isOutside = compare(input!, floatOf(limit, input!));
  scalar(`${tensor.op.name}/${tag}`, reduceMean(cast(isOutside, float32, { name: "ToFloat" }) as Tensor));
}

/** A histogram of an activation; for relu, relu6 and softplus the part of zeros, for relu6 that of sixes too. */
export function summarizeActivation(tensor: Tensor): Tensor {
  const { op } = tensor;
  const isOf = (...makers: readonly { readonly definition: unknown }[]): boolean =>
    makers.some(({ definition }) => op.definition === definition);
  if (isOf(reluOp, softplusOp, relu6Op)) part(tensor, less, 0, "zeros");
  if (isOf(relu6Op)) part(tensor, greater, 6, "sixes");
  return histogram(`${op.name}/activation`, tensor);
}

/** A number's value or a histogram; null for strings and bools. */
export function summarizeTensor(tensor: Tensor, tag?: string | null): Tensor | null {
  if (tensor.dtype.baseDtype === string || tensor.dtype.baseDtype === bool) return null;
  return (tensor.shape?.length === 0 ? scalar : histogram)(tagOf(tensor, tag), tensor);
}

/** A summary of each. */
export const summarizeTensors = (
  tensors: readonly Tensor[],
  summarizer: Summarizer = (each) => summarizeTensor(each),
): (Tensor | null)[] => tensors.map(summarizer);

interface FilterOptions {
  /** A regular expression that names begin with. */
  readonly nameFilter?: string | null | undefined;
  readonly summarizer?: Summarizer | undefined;
}

/** A summary of each tensor or variable of a collection whose name fits. */
export function summarizeCollection(
  collection: string,
  ...rest: Rest<FilterOptions, ["nameFilter", "summarizer"]>
): (Tensor | null)[] {
  const { nameFilter, summarizer }: FilterOptions = byName(rest, ["nameFilter", "summarizer"]);
  const isWanted = ({ op }: Tensor): boolean => !nameFilter || new RegExp(`^(?:${nameFilter})`).test(op.name);
  return summarizeTensors(getCollection<Tensor>(collection).filter(isWanted), summarizer);
}

const of =
  (collection: string, summarizer?: Summarizer) =>
  (...rest: Rest<FilterOptions, ["nameFilter", "summarizer"]>): (Tensor | null)[] => {
    const options: FilterOptions = byName(rest, ["nameFilter", "summarizer"]);
    return summarizeCollection(collection, { ...(summarizer ? { summarizer } : {}), ...options });
  };

export const summarizeVariables = of(GraphKeys.GLOBAL_VARIABLES);
export const summarizeWeights = of(GraphKeys.WEIGHTS);
export const summarizeBiases = of(GraphKeys.BIASES);
export const summarizeActivations = of(GraphKeys.ACTIVATIONS, summarizeActivation);
