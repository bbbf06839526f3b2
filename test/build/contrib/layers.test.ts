/** tf.contrib.layers, framework and slim, node for node: test/fixtures/build/contrib/layers.py. */
import { comparePrograms } from "../programs/compare.ts";
import { programs } from "./layers.ts";

comparePrograms("contrib/layers", programs);
