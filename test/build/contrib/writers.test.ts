/** tf.contrib.summary, node for node: test/fixtures/build/contrib/summary.py. */
import { comparePrograms } from "../programs/compare.ts";
import { programs } from "./writers.ts";

comparePrograms("contrib/summary", programs);
