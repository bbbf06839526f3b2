/** tf.distributions, node for node: test/fixtures/build/distributions.py. */
import { comparePrograms } from "./programs/compare.ts";
import { distributions } from "./programs/distributions.ts";

comparePrograms("distributions", distributions);
