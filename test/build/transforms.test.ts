/** Transforms over any axes, checks of shapes and linear systems, node for node: test/fixtures/build/transforms.py. */
import { comparePrograms } from "./programs/compare.ts";
import { transforms } from "./programs/transforms.ts";

comparePrograms("transforms", transforms);
