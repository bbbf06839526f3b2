/** Names of the top level, node for node and value for value: test/fixtures/build/top.py. */
import { comparePrograms } from "./programs/compare.ts";
import { top } from "./programs/top.ts";

comparePrograms("top", top);
