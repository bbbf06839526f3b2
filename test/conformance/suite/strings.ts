/** Goldens that are texts: printed forms, names, errors, and what the Print op writes. */
import { dtypeOf } from "../../../src/core/dtype.ts";
import type { OpError } from "../../../src/core/error.ts";
import { graphDefinition } from "../../../src/graph/def/graph_def.ts";
import { Graph } from "../../../src/graph/graph.ts";
import * as tf from "../../../src/index.ts";
import { errorPrograms } from "../programs/errors.ts";
import { textPrograms } from "../programs/texts.ts";
import { type GoldenValue, toArray } from "../values.ts";
import type { Family, GoldenCase, Goldens } from "./verdict.ts";

interface ErrorCase {
  readonly name: string;
  readonly exception: string;
  readonly code: string | null;
  readonly message: string;
}

/** What Python says of its own objects, which have no counterpart here. */
const pythonsOwn: Readonly<Record<string, string>> = {
  len_of_tensor: "len() is Python's",
};

/** Where two graphs are named, Python says at which addresses they are. */
const withoutAddresses = (message: string): string => message.replace(/ \(graphs are .*\)\.$/, ".");

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** `${HOST}` and the like stand for anything; behind "Originally defined at:" comes a place in the program. */
const patternOf = (message: string): RegExp =>
  new RegExp(
    `^${escaped(message).replace(/\\\$\\\{\w+\\\}/g, ".*")}${/Originally defined at:$/.test(message) ? "" : "$"}`,
  );

async function errorOf(name: string): Promise<unknown> {
  const graph = new Graph();
  return graph.asDefault(async () => {
    await using sess = new tf.Session({ graph });
    try {
      return await errorPrograms[name]!(
        (fetches, feedDict = []) => sess.run(fetches as never, { feedDict }) as Promise<unknown>,
        sess,
      );
    } catch (error) {
      return error;
    }
  });
}

const errorCase = (golden: ErrorCase): GoldenCase => ({
  name: golden.name,
  async run() {
    if (!errorPrograms[golden.name]) return "no such program here";
    const error = await errorOf(golden.name);
    if (!(error instanceof Error)) return `no error, wanted ${golden.exception}: ${golden.message}`;
    if (error.name !== golden.exception) return `${error.name}: ${error.message}, wanted ${golden.exception}`;
    if (golden.code && (error as OpError).code !== golden.code)
      return `${(error as OpError).code}, wanted ${golden.code}`;
    return patternOf(withoutAddresses(golden.message)).test(error.message)
      ? null
      : `"${error.message}", wanted "${golden.message}"`;
  },
});

interface TextCase {
  readonly name: string;
  readonly texts: readonly { readonly label: string; readonly text: string }[];
  readonly nodes: readonly string[];
}

/** Labels of forms that only Python has. */
const pythonsForms: ReadonlySet<string> = new Set(["tuple"]);

/** NumPy 2 names the type of a scalar inside a list. */
const withoutNumpy = (text: string): string => text.replace(/np\.\w+\(([^)]*)\)/g, "$1");

/** TensorFlow prints the attrs of a node in no order. */
const attrsSorted = (text: string): string =>
  text
    .split(/^(?=attr \{)/m)
    .sort()
    .join("");

const textCase = (golden: TextCase): GoldenCase => ({
  name: golden.name,
  async run() {
    const program = textPrograms[golden.name];
    if (!program) return "no such program here";
    const texts: [string, string][] = [];
    const dims = /shape=\((\d+), (\d+)\)/
      .exec(golden.texts[0]?.text ?? "")
      ?.slice(1)
      .map(Number) ?? [2, 3];
    const graph = new Graph();
    await graph.asDefault(async () =>
      program((label, text) => texts.push([label, String(text)]), dims as [number, number]),
    );
    const wanted = golden.texts.filter(({ label }) => !pythonsForms.has(label));
    for (const [i, { label, text }] of wanted.entries()) {
      const own = texts[i] ?? ["nothing", ""];
      const isSame = label.endsWith("operation text")
        ? attrsSorted(own[1]) === attrsSorted(text)
        : own[1] === withoutNumpy(text);
      if (own[0] !== label || !isSame) return `${own[0]}: ${own[1]}, wanted ${label}: ${text}`;
    }
    if (texts.length !== wanted.length) return `${texts.length} texts, wanted ${wanted.length}`;
    if (wanted.length !== golden.texts.length) return null;
    const nodes = graphDefinition(graph).nodes.map((node) => `${node.name} = ${node.op}(${node.inputs.join(", ")})`);
    const bad = golden.nodes.findIndex((text, i) => text.slice(0, text.indexOf(" {")) !== nodes[i]);
    return bad < 0 ? null : `node ${bad}: ${nodes[bad]}, wanted ${golden.nodes[bad]}`;
  },
});

interface PrintCase {
  readonly data: readonly GoldenValue[];
  readonly message?: string;
  readonly first_n?: number;
  readonly summarize?: number;
  readonly runs?: number;
  readonly stderr: readonly string[];
}

/** What is written to standard error meanwhile, line by line. */
async function stderrOf(action: () => Promise<void>): Promise<string[]> {
  const { write } = process.stderr;
  let text = "";
  process.stderr.write = ((piece: string | Uint8Array) => {
    text += typeof piece === "string" ? piece : new TextDecoder().decode(piece);
    return true;
  }) as typeof write;
  try {
    await action();
  } finally {
    process.stderr.write = write;
  }
  return text.split("\n").filter((line) => line !== "");
}

const printCase = (golden: PrintCase, i: number): GoldenCase => ({
  name: `print ${i}`,
  async run() {
    const graph = new Graph();
    const { message, first_n: firstN, summarize, runs = 1 } = golden;
    const lines = await stderrOf(() =>
      graph.asDefault(async () => {
        const data = golden.data.map((value) => tf.constant(toArray(value), dtypeOf(value.dtype)));
        const options = {
          ...(message === undefined ? {} : { message }),
          ...(firstN === undefined ? {} : { firstN }),
          ...(summarize === undefined ? {} : { summarize }),
        };
        const printed = tf.Print(tf.constant(1, tf.float32), data, options as never);
        await using sess = new tf.Session({ graph });
        for (let run = 0; run < runs; run++) await sess.run(printed);
      }),
    );
    const [own, wanted] = [JSON.stringify(lines), JSON.stringify(golden.stderr)];
    return own === wanted ? null : `${own}, wanted ${wanted}`;
  },
});

export const strings = (goldens: Goldens): Family[] => [
  {
    name: "errors",
    cases: goldens
      .cases<ErrorCase>("strings", "errors.json")
      .filter(({ name }) => !pythonsOwn[name])
      .map(errorCase),
  },
  { name: "texts", cases: goldens.cases<TextCase>("strings", "texts.json").map(textCase) },
  { name: "print", cases: goldens.cases<PrintCase>("strings", "print.json").map(printCase) },
];
