import { table } from "../../../ui/format.ts";
import { defineCommand } from "../../command.ts";
import { builtInModels, localModels } from "../../model/registry.ts";

export default defineCommand({
  usage: "",
  about: "list the models: built in, and in ./models of this directory",
  examples: ["models", "models list --json"],
  flags: {},
  words: [0, 0],
  run({ out }) {
    const [builtIn, local] = [builtInModels(), localModels()];
    if (out.json) {
      for (const { name, about } of builtIn) out.printJson({ name, about, path: null });
      for (const { name, path } of local) out.printJson({ name, about: null, path });
      return;
    }
    out.print(...table(builtIn.map(({ name, about }) => [name, about])));
    if (local.length > 0) out.print("", ...table(local.map(({ name, path }) => [name, `${path}  (this directory)`])));
    out.hint(
      "Flags of one: tsflow models show NAME. A model of your own: tsflow models new NAME --like digits_softmax",
    );
  },
});
