/** Whole programs with training steps, node for node and loss for loss: test/fixtures/build/whole.py. */
import { comparePrograms } from "./programs/compare.ts";
import { whole } from "./programs/whole.ts";

comparePrograms("whole", whole);
