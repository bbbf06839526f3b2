/** `tsflow models new`: the file of a built-in model as the start of one's own. */

import { flag } from "../../../core/flags.ts";
import { didYouMean } from "../../../core/suggest.ts";
import { nodeFiles, writeFileAtomic } from "../../../io/file_system.ts";
import { packageFile } from "../../../io/package_file.ts";
import { pathKind } from "../../../io/paths.ts";
import { readTextFile } from "../../../io/text_file.ts";
import { defineCommand, Misuse } from "../../command.ts";
import { builtInModels } from "../../model/registry.ts";

const folder = "models";

/** The files beside a model that it imports, `./digits.ts`, those of these included. */
function helpersOf(text: string, found: Map<string, string> = new Map()): Map<string, string> {
  for (const [, name] of text.matchAll(/from "\.\/([\w.-]+\.ts)"/g)) {
    if (found.has(name!)) continue;
    const helper = readTextFile(packageFile(`models/${name}`));
    found.set(name!, helper);
    helpersOf(helper, found);
  }
  return found;
}

export default defineCommand({
  usage: "NAME --like MODEL",
  about: "write models/NAME.ts, a copy of a built-in model, ready to edit and to train",
  examples: ["models new my_model --like digits_softmax"],
  flags: {
    like: flag.string("linear_regression", "the built-in model to begin with"),
    overwrite: flag.bool(false, "write even if the file is there"),
  },
  words: [1, 1],
  run({ flags, words, out }) {
    const name = words[0]!;
    if (!/^[A-Za-z_]\w*$/.test(name))
      throw new Misuse(`a model's name has letters, digits and underscores, got "${name}"`);
    const names = builtInModels().map((model) => model.name);
    if (!names.includes(flags.like))
      throw new Misuse(`no built-in model "${flags.like}".${didYouMean(flags.like, names)} All: tsflow models`);
    if (names.includes(name)) throw new Misuse(`${name} is a built-in model: choose another name`);
    const path = `${folder}/${name}.ts`;
    if (pathKind(path) !== "none" && !flags.overwrite) throw new Misuse(`${path} exists. Use --overwrite`);
    const text = readTextFile(packageFile(`models/${flags.like}.ts`));
    const helpers = helpersOf(text);
    if (helpers.has(`${name}.ts`))
      throw new Misuse(`${flags.like} itself imports a file ${name}.ts: choose another name`);
    nodeFiles.mkdir(folder);
    const write = (file: string, content: string) => writeFileAtomic(file, new TextEncoder().encode(content));
    write(path, text.replace(`name: "${flags.like}"`, `name: "${name}"`));
    const added = [...helpers].filter(([helper]) => pathKind(`${folder}/${helper}`) === "none");
    for (const [helper, content] of added) write(`${folder}/${helper}`, content);
    if (out.json) out.printJson({ written: [path, ...added.map(([helper]) => `${folder}/${helper}`)] });
    else if (!out.quiet) out.print(`wrote ${[path, ...added.map(([helper]) => `${folder}/${helper}`)].join(", ")}`);
    out.hint(`Train it: tsflow train ${name}`);
    return 0;
  },
});
