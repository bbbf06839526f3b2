/** The public API: the `tf` object and nothing else. */
import "./eager/data.ts";
import "./eager/execute.ts";
import "./eager/function.ts";
import { literalToArray } from "./ops/convert.ts";
import "./ops/index.ts";
import { literals } from "./session/feed.ts";
import { installFolder } from "./session/fold.ts";

literals.toArray = literalToArray as typeof literals.toArray;
installFolder();

export * from "./api/tf.ts";
export * from "./core/dtype.ts";
