/** The losses that a graph has gathered. Source: tensorflow/python/ops/losses/util.py. */

import { float32 } from "../../core/dtype.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { addN, constant } from "../../ops/index.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { addToCollection, GraphKeys, getCollection } from "../collections.ts";

/** Adds a loss of one's own to the collection (null: to none). */
export function addLoss(loss: Tensor, lossCollection: string | null = GraphKeys.LOSSES): void {
  if (lossCollection) addToCollection(lossCollection, loss);
}

/** The losses that were made in the default graph. */
export const getLosses = (scope?: string | null, lossCollection: string = GraphKeys.LOSSES): Tensor[] =>
  getCollection<Tensor>(lossCollection, scope ?? undefined);

/** The penalties of regularizers in the default graph. */
export const getRegularizationLosses = (scope?: string | null): Tensor[] =>
  getCollection<Tensor>(GraphKeys.REGULARIZATION_LOSSES, scope ?? undefined);

/** The sum of all regularization losses; 0 without any. */
export function getRegularizationLoss(scope?: string | null, name = "total_regularization_loss"): Tensor {
  const losses = getRegularizationLosses(scope);
  return losses.length ? addN(losses, { name }) : constant(0, { dtype: float32 });
}

export interface TotalLossOptions {
  readonly addRegularizationLosses?: boolean | undefined;
  readonly name?: string | undefined;
  readonly scope?: string | null | undefined;
}

const getTotalLossPlaces = ["addRegularizationLosses", "name", "scope"] as const;

/** The sum of all losses of the collection and, by default, of the regularization losses. */
export function getTotalLoss(...rest: Rest<TotalLossOptions, typeof getTotalLossPlaces>): Tensor {
  const options = byName<TotalLossOptions>(rest, getTotalLossPlaces);
  const { addRegularizationLosses = true, name = "total_loss", scope } = options;
  const losses = getLosses(scope);
  return addN(addRegularizationLosses ? [...losses, ...getRegularizationLosses(scope)] : losses, { name });
}
