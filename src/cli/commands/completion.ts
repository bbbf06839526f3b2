/** Completion in shells: a script that asks `tsflow completion complete WORD...` for the candidates of the last word. */
import { commonFlags, defineCommand, Misuse } from "../command.ts";
import { topics } from "../help/topics.ts";
import { commands, findEntry } from "../tree.ts";

const scripts: Readonly<Record<string, string>> = {
  bash: `_tsflow() {
  local IFS=$'\\n'
  COMPREPLY=($(tsflow completion complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _tsflow tsflow
`,
  zsh: `#compdef tsflow
_tsflow() {
  local -a found
  found=(\${(f)"$(tsflow completion complete -- "\${words[@]:1:$((CURRENT - 1))}" 2>/dev/null)"})
  if (( \${#found} )); then compadd -- $found; else _files; fi
}
compdef _tsflow tsflow
`,
  fish: `complete -c tsflow -a '(tsflow completion complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
  powershell: `Register-ArgumentCompleter -Native -CommandName tsflow -ScriptBlock {
  param($word, $tree, $at)
  $typed = @($tree.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  if ($word -eq '') { $typed += '' }
  tsflow completion complete -- @typed | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}
`,
};

/** Commands whose word is a model. */
const takesModel = ["train", "eval", "explain", "graph", "models show"];

/** What may stand in the place of the last word. */
async function candidates(words: readonly string[]): Promise<string[]> {
  const typed = words.at(-1) ?? "";
  const before = words.slice(0, -1).filter((word) => !word.startsWith("-"));
  const group = findEntry(commands, before[0]);
  const child = findEntry(group?.children, before[1]);
  const entry = group?.children ? (child ?? findEntry(group.children, group.standard)) : group;
  if (typed.startsWith("-")) {
    const command = entry?.load ? (await entry.load()).default : undefined;
    const rest = before.slice(child ? 2 : 1);
    const model =
      rest[0] === undefined
        ? undefined
        : await command?.extend?.({ value: () => undefined, words: rest, doubtful: [] });
    return Object.keys({ ...model?.flags, ...command?.flags, ...commonFlags }).map((name) => `--${name}`);
  }
  if (!group) return commands.map(({ name }) => name);
  const names = group.children && before.length === 1 ? group.children.map(({ name }) => name) : [];
  if (takesModel.includes(child ? `${group.name} ${child.name}` : group.name)) {
    const { builtInModels, listedModels } = await import("../model/registry.ts");
    names.push(...[...builtInModels(), ...listedModels()].map(({ name }) => name));
  }
  if (group.name === "help") return [...commands.map(({ name }) => name), ...Object.keys(topics)];
  return group.name === "completion" ? Object.keys(scripts) : names;
}

export default defineCommand({
  usage: Object.keys(scripts).join("|"),
  about: "print a script that completes commands and flags; load it from your shell's start file",
  examples: ["completion bash >> ~/.bashrc", "completion fish > ~/.config/fish/completions/tsflow.fish"],
  flags: {},
  words: [1, 1000],
  async run({ words: [shell, ...words], out }) {
    if (shell === "complete") {
      const typed = words.at(-1) ?? "";
      out.print(...(await candidates(words)).filter((name) => name.startsWith(typed)));
    } else if (Object.hasOwn(scripts, shell!)) out.write(scripts[shell!]!);
    else throw new Misuse(`no completion for "${shell}": there are ${Object.keys(scripts).join(", ")}`);
  },
});
