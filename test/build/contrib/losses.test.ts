/** tf.contrib.losses and the losses of tf.contrib.legacy_seq2seq, node for node: test/fixtures/build/contrib/losses.py. */
import { comparePrograms } from "../programs/compare.ts";
import { programs } from "./losses.ts";

comparePrograms("contrib/losses", programs);
