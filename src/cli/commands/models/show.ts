import { formatShape } from "../../../core/shape.ts";
import { printable, table, thousands } from "../../../ui/format.ts";
import { defineCommand } from "../../command.ts";
import { shortHelp } from "../../help/texts.ts";
import { loadModel } from "../../model/registry.ts";

export default defineCommand({
  usage: "NAME|FILE",
  about: "describe a model: its flags, inputs and variables, built with its defaults",
  examples: ["models show digits_cnn", "models show ./mine.ts"],
  flags: {},
  words: [1, 1],
  async run(call) {
    const [word, out] = [call.words[0]!, call.out];
    const model = await loadModel(word);
    const tf = await import("../../../index.ts");
    const { buildModel } = await import("../../../train/model.ts");
    const values = Object.fromEntries(Object.entries(model.flags).map(([name, { default: value }]) => [name, value]));
    const graph = new tf.Graph();
    const [variables, trainable] = graph.asDefault(() => {
      buildModel(model, values, { seed: 0, note: () => {} });
      return [tf.globalVariables(), tf.trainableVariables()] as const;
    });
    const inputs = graph.getOperations().filter(({ type }) => type.startsWith("Placeholder"));
    const describe = ({
      name,
      dtype,
      shape,
    }: {
      name: string;
      dtype: { base: string };
      shape: readonly (number | null)[] | null;
    }) => ({
      name: name.replace(/:0$/, ""),
      dtype: dtype.base,
      shape: formatShape(shape),
    });
    const inputRows = inputs.map((op) =>
      describe({ ...op.outputs[0]!, name: op.name, dtype: op.outputs[0]!.dtype, shape: op.outputs[0]!.shape }),
    );
    const variableRows = variables.map(describe);
    const parameters = trainable.reduce(
      (n, { shape }) => n + (shape ?? []).reduce<number>((product, dim) => product * (dim ?? 0), 1),
      0,
    );
    if (out.json) {
      out.printJson({
        name: model.name,
        about: model.about,
        flags: values,
        inputs: inputRows,
        variables: variableRows,
        parameters,
      });
      return;
    }
    out.print(`${model.name}: ${model.about}`, `${thousands(parameters)} parameters`, "");
    out.print(
      ...shortHelp({
        path: "train",
        command: { usage: "", about: "", examples: [], flags: {}, words: [0, 0], run: () => 0 },
        model: { owner: word, flags: model.flags },
      }),
    );
    const rows = (list: typeof inputRows) =>
      table(list.map(({ name, dtype, shape }) => [printable(name), dtype, shape])).map((line) => `  ${line}`);
    if (inputRows.length > 0) out.print("", "Inputs", ...rows(inputRows));
    out.print("", "Variables", ...rows(variableRows));
    out.print("", `Train it: tsflow train ${word} --max_step 1000 --model_dir runs/${model.name}`);
  },
});
