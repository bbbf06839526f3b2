/** The texts of --help: of the program, of a group of commands, of a command. */
import type { FlagSpec, FlagSpecs } from "../../core/flags/value.ts";
import { expectedValue, formatFlagValue } from "../../core/flags/value.ts";
import type { FlagValues } from "../../core/flags.ts";
import { table } from "../../ui/format.ts";
import { type CommandSpec, commonFlags } from "../command.ts";
import { commands, type Entry } from "../tree.ts";

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

const shownName = ({ name, usage, children }: Entry): string => {
  const rest = usage ?? children?.map((child) => child.name).join("|");
  return `tsflow ${name}${rest ? ` ${rest}` : ""}`;
};

/** `tsflow` alone, and `tsflow --help`. */
export function programHelp(version: string, examples: readonly string[]): string[] {
  return [
    `tsflow ${version}: TensorFlow 1.x's graph and session in TypeScript`,
    "",
    ...indent(table(commands.map((entry) => [shownName(entry), entry.about]))),
    "",
    "Examples",
    ...indent(examples.map((line) => `tsflow ${line}`)),
    "",
    "Help on one: tsflow COMMAND --help. Topics: tsflow help flags|files|json|exit-codes|signals|environment",
  ];
}

/** A group without a subcommand. */
export const groupHelp = (entry: Entry): string[] => [
  `tsflow ${entry.name}: ${entry.about}`,
  "",
  ...indent(table(entry.children!.map((child) => [`tsflow ${entry.name} ${child.name}`, child.about]))),
];

const kinds: Readonly<Record<FlagSpec["kind"], string>> = {
  int: "N",
  float: "X",
  seconds: "TIME",
  string: "TEXT",
  bool: "",
  enum: "",
  list: "A,B",
  multi: "TEXT",
};

function flagRow(name: string, spec: FlagSpec): [string, string] {
  const short = spec.short ? `-${spec.short}, ` : "";
  const value =
    spec.kind === "enum" ? ` ${spec.values!.join("|")}` : kinds[spec.kind] === "" ? "" : ` ${kinds[spec.kind]}`;
  const initial = spec.default === null ? "" : formatFlagValue(spec.default);
  const isOff = initial === "" || initial === "false";
  const shown = spec.kind === "bool" && spec.default === true ? `--[no]${name}` : `--${name}`;
  return [`${short}${shown}${value}`, `${spec.help}${isOff || spec.kind === "bool" ? "" : ` (${initial})`}`];
}

const section = (title: string, flags: FlagSpecs): string[] => {
  const entries = Object.entries(flags);
  return entries.length === 0 ? [] : ["", title, ...indent(table(entries.map(([name, spec]) => flagRow(name, spec))))];
};

export interface HelpParts {
  readonly path: string;
  readonly command: CommandSpec;
  /** The model whose flags are shown too. */
  readonly model?: { readonly owner: string; readonly flags: FlagSpecs };
}

/** Examples first, then the command's flags and the model's. */
export function commandHelp({ path, command, model }: HelpParts): string[] {
  const own = Object.fromEntries(Object.entries(command.flags).filter(([name]) => !(model && name in model.flags)));
  return [
    `tsflow ${path}${command.usage ? ` ${command.usage}` : ""}`,
    command.about,
    "",
    "Examples",
    ...indent(command.examples.map((line) => `tsflow ${line}`)),
    ...(model ? section(`Flags of ${model.owner}`, model.flags) : []),
    ...section(model ? `Flags of tsflow ${path}` : "Flags", own),
    "",
    "Flags of all commands: --json --quiet --verbose --color --flagfile … (tsflow help flags)",
  ];
}

/** The model's flags, or the command's where there is no model. */
export const shortHelp = ({ command, model }: HelpParts): string[] =>
  section(model ? `Flags of ${model.owner}` : "Flags", model ? model.flags : command.flags).slice(1);

/** Every flag with type, value and where the value comes from. */
export function fullHelp({ path, command, model }: HelpParts, values: FlagValues): string[] {
  const rows = (flags: FlagSpecs) =>
    Object.entries(flags).map(([name, spec]) => {
      const value = formatFlagValue(values.values()[name] ?? null);
      return [
        `--${name}`,
        expectedValue(spec),
        value === "" ? "-" : value,
        values.origin(name) ?? "default",
        spec.help,
      ];
    });
  const head = ["flag", "type", "value", "origin", "meaning"];
  const own = Object.fromEntries(Object.entries(command.flags).filter(([name]) => !(model && name in model.flags)));
  return [
    `tsflow ${path}${command.usage ? ` ${command.usage}` : ""}`,
    command.about,
    "",
    ...indent(table([head, ...(model ? rows(model.flags) : []), ...rows(own), ...rows(commonFlags)])),
  ];
}
