/** tf.contrib.metrics, node for node: test/fixtures/build/contrib/metrics.py. */
import { comparePrograms } from "../programs/compare.ts";
import { programs } from "./metrics.ts";

comparePrograms("contrib/metrics", programs);
