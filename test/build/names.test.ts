/** Names that the other programs do not reach, node for node and value for value: test/fixtures/build/names.py. */
import { comparePrograms } from "./programs/compare.ts";
import { names } from "./programs/names.ts";

comparePrograms("names", names);
