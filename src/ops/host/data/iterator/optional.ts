/** The next element as a value that may be none: no error at the end. Source: iterator_ops.cc */

import { after } from "../../../../core/flow/maybe.ts";
import { defineOp } from "../../../define.ts";
import { Optional } from "../../../variant/optional.ts";
import { variantOf } from "../../../variant/value.ts";
import { typed } from "../runtime/define.ts";
import { nextOf } from "./access.ts";

export const iteratorGetNextAsOptionalOp = defineOp("IteratorGetNextAsOptional", {
  inputs: ["iterator: resource"],
  outputs: ["optional: variant"],
  attrs: typed,
  stateful: true,
  shape: () => [[]],
  run: ({ iterator }, context) => after(nextOf(iterator, context), (element) => variantOf(new Optional(element))),
  gradient: "unregistered",
});
