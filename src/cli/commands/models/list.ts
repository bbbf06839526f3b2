import { table } from "../../../ui/format.ts";
import { defineCommand } from "../../command.ts";
import { builtInModels, listedModels, packageModels } from "../../model/registry.ts";

export default defineCommand({
  usage: "",
  about: "list the models: built in, in ./models of this directory, in packages that its package.json lists",
  examples: ["models", "models list --json"],
  flags: {},
  words: [0, 0],
  run({ out }) {
    const [builtIn, local, packages] = [builtInModels(), listedModels(), packageModels()];
    if (out.json) {
      for (const { name, about } of builtIn) out.printJson({ name, about, path: null });
      for (const { name, path } of local) out.printJson({ name, about: null, path });
      for (const { name, package: path } of packages) out.printJson({ name, about: null, path });
      return;
    }
    out.print(...table(builtIn.map(({ name, about }) => [name, about])));
    const taken = new Set(builtIn.map(({ name }) => name));
    const placeOf = ({ name, path }: (typeof local)[number]): string =>
      taken.has(name) ? `${path}  (by its path: the name is a built-in model's)` : `${path}  (this directory)`;
    if (local.length > 0) out.print("", ...table(local.map((model) => [model.name, placeOf(model)])));
    if (packages.length > 0)
      out.print("", ...table(packages.map((each) => [each.name, `${each.package}  (package.json)`])));
    out.hint(
      "Flags of one: tsflow models show NAME. A model of your own: tsflow models new NAME --like digits_softmax",
    );
  },
});
