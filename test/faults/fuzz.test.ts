/**
 * Structured changes to a file of each parser: it reads, or ends with one of TensorFlow's errors. 20,000 for each parser; 10 million in
 * all with TSFLOW_NIGHTLY=1. What finds something becomes a file of the corpus in hostile/ (fast-check prints seed, path and changes).
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mutated, mutations } from "./parsers/mutations.ts";
import { isExpected, parsers, shown } from "./parsers/parsers.ts";

const nightly = process.env.TSFLOW_NIGHTLY === "1";
const numRuns = nightly ? Math.ceil(10_000_000 / parsers.length) : Number(process.env.TSFLOW_FUZZ_RUNS ?? 20_000);

/** Undefined for a file that reads or is refused as it must be. */
function faultOf(parse: (bytes: Uint8Array) => unknown, bytes: Uint8Array): unknown {
  try {
    parse(bytes);
    return undefined;
  } catch (error) {
    return isExpected(error) ? undefined : error;
  }
}

describe("fuzz", () => {
  test.each(parsers)("$name", ({ seed, parse, mend = (bytes: Uint8Array) => bytes }) => {
    expect(shown(parse(mend(seed))).length).toBeGreaterThan(0);
    fc.assert(
      fc.property(mutations, (changes) => {
        const fault = faultOf(parse, mend(mutated(seed, changes)));
        if (fault !== undefined) throw fault;
      }),
      { numRuns, ...(nightly ? {} : { seed: 1 }), endOnFailure: false },
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
