/** Sequences, boxes, layers and losses, node for node: test/fixtures/build/networks.py. */
import { comparePrograms } from "./programs/compare.ts";
import { networks } from "./programs/networks.ts";

comparePrograms("networks", networks);
