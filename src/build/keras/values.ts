/** Values of variables: read and set by whoever runs models, which this layer does not know. Filled by train/keras/backend.ts on import. */
import type { NdArray } from "../../core/nd_array.ts";
import type { Literal } from "../../ops/convert.ts";
import type { Variable } from "../variables/variable.ts";

export const values: {
  get: (variables: readonly Variable[]) => Promise<NdArray[]>;
  set: (pairs: readonly (readonly [Variable, Literal])[]) => Promise<void>;
} = {
  get: () => Promise.reject(new Error("bug: nobody runs models")),
  set: () => Promise.reject(new Error("bug: nobody runs models")),
};
