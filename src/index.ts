/** The public API: the `tf` object and nothing else. */
import "./build/variables/scatter.ts";
import "./build/checks/compare.ts";
import "./build/variables/scatter.ts";
import "./eager/data.ts";
import "./eager/execute.ts";
import "./eager/function.ts";
import "./eager/tape/gradient_tape.ts";
import "./ops/compute/array/join/pack.ts";
import "./ops/compute/array/slice/getitem.ts";
import "./ops/compute/math/segment/dense.ts";
import { literalToArray } from "./ops/convert.ts";
import "./ops/index.ts";
import "./ops/operators.ts";
import { literals } from "./session/feed.ts";
import { installFolder } from "./session/fold.ts";
import "./train/files/checkpoint_reader.ts";
import "./train/queue/queue_runner.ts";
import "./train/saver.ts";

literals.toArray = literalToArray as typeof literals.toArray;
installFolder();

export * from "./api/tf.ts";
export * from "./core/dtype.ts";
