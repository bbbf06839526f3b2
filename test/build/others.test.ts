/** Sorting, second derivatives, templates, sampled losses, embeddings, node for node: test/fixtures/build/others.py. */
import { comparePrograms } from "./programs/compare.ts";
import { others } from "./programs/others.ts";

comparePrograms("others", others);
