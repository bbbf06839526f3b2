/** Generators and seeds of random numbers, node for node: test/fixtures/build/generators.py. */
import { comparePrograms } from "./programs/compare.ts";
import { random } from "./programs/generators.ts";

comparePrograms("generators", random);
