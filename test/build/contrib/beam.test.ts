/** Beam search of tf.contrib.seq2seq, node for node: test/fixtures/build/contrib/beam.py. */
import { comparePrograms } from "../programs/compare.ts";
import { programs } from "./beam.ts";

comparePrograms("contrib/beam", programs);
