/** The command among the arguments. */
import { commonFlags } from "./command.ts";
import { commands, type Entry, findEntry } from "./tree.ts";

export interface Chosen {
  readonly entry: Entry | undefined;
  readonly path: readonly string[];
  readonly rest: readonly string[];
}

/** Flags of all commands that take the next word, which therefore is no command. */
const takesWord = [
  "flagfile",
  "undefok",
  ...Object.entries(commonFlags).flatMap(([name, { kind }]) => (kind === "bool" ? [] : [name])),
];

/** The indices of the words among the arguments. */
function wordIndices(argv: readonly string[]): number[] {
  const found: number[] = [];
  for (let i = 0; i < argv.length && argv[i] !== "--"; i++) {
    const argument = argv[i]!;
    if (!argument.startsWith("-") || argument === "-") found.push(i);
    else if (takesWord.includes(argument.replace(/^--?/, "").replaceAll("-", "_"))) i++;
  }
  return found;
}

/** The command may stand anywhere: it is the first word that is a command's name. */
export function chooseCommand(argv: readonly string[]): Chosen {
  const words = wordIndices(argv);
  const at = words.find((i) => findEntry(commands, argv[i])) ?? words[0];
  if (at === undefined) return { entry: undefined, path: [], rest: argv };
  const without = (...indices: readonly number[]) => argv.filter((_, i) => !indices.includes(i));
  const group = findEntry(commands, argv[at]);
  if (!group?.children) return { entry: group, path: [argv[at]!], rest: without(at) };
  const next = words[words.indexOf(at) + 1];
  const child = next === undefined ? undefined : findEntry(group.children, argv[next]);
  if (child) return { entry: child, path: [group.name, child.name], rest: without(at, next!) };
  const standard = findEntry(group.children, group.standard);
  if (standard) return { entry: standard, path: [group.name, standard.name], rest: without(at) };
  return { entry: group, path: next === undefined ? [group.name] : [group.name, argv[next]!], rest: without(at) };
}
