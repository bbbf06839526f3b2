/** Buckets, samples and images of tf.contrib, node for node: test/fixtures/build/contrib/pipelines.py. */
import { comparePrograms } from "../programs/compare.ts";
import { programs } from "./pipelines.ts";

comparePrograms("contrib/pipelines", programs);
