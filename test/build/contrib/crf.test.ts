/** tf.contrib.crf and training ops, node for node: test/fixtures/build/contrib/crf.py. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toArray } from "../../conformance/values.ts";
import { comparePrograms } from "../programs/compare.ts";
import { programs } from "./crf.ts";

const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, "../../fixtures/build/contrib/crf.json"), "utf8"));
const { feeds } = cases.find(({ name }: { name: string }) => name === "decode");
const [first] = toArray(feeds.x).toList() as never[];

comparePrograms("contrib/crf", programs(first, toArray(feeds.p)));
