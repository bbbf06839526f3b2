/** More cells of tf.contrib.rnn, node for node: test/fixtures/build/contrib/cells.py. */
import { comparePrograms } from "../programs/compare.ts";
import { programs } from "./cells.ts";

comparePrograms("contrib/cells", programs);
