/** tf.contrib.rnn and tf.contrib.seq2seq, node for node: test/fixtures/build/contrib/seq2seq.py. */
import { comparePrograms } from "../programs/compare.ts";
import { programs } from "./seq2seq.ts";

comparePrograms("contrib/seq2seq", programs);
