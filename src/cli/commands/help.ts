import { didYouMean } from "../../core/suggest.ts";
import { version } from "../../core/version.ts";
import { defineCommand, Misuse } from "../command.ts";
import { commandHelp, groupHelp, programHelp } from "../help/texts.ts";
import { examples, topics } from "../help/topics.ts";
import { commands, findEntry } from "../tree.ts";

export default defineCommand({
  usage: "[COMMAND|TOPIC]",
  about: `help on a command, or on one of: ${Object.keys(topics).join(", ")}`,
  examples: ["help", "help records write", "help flags"],
  flags: {},
  words: [0, 2],
  async run({ words, out }) {
    const [name, child] = words;
    if (name === undefined) return void out.print(...programHelp(version, examples));
    const topic = Object.hasOwn(topics, name) ? topics[name] : undefined;
    if (topic) return void out.print(...topic);
    const group = findEntry(commands, name);
    const entry = child === undefined ? group : findEntry(group?.children, child);
    if (!entry) {
      const names = group?.children ?? commands;
      const known = [...names.map((each) => each.name), ...(group ? [] : Object.keys(topics))];
      throw new Misuse(`no command or topic "${words.join(" ")}".${didYouMean(child ?? name, known)} All: tsflow help`);
    }
    if (entry.children) return void out.print(...groupHelp(entry));
    const command = (await entry.load!()).default;
    out.print(...commandHelp({ path: words.join(" "), command }));
  },
});
