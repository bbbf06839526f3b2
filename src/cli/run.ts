/** One command from its arguments to its exit code: flags in two looks, help, the call. */
import { environmentSettings, parseArguments, unknownFlag } from "../core/flags/arguments.ts";
import type { FlagSpec, FlagSpecs } from "../core/flags/value.ts";
import { FlagValues } from "../core/flags.ts";
import { version } from "../core/version.ts";
import type { ColorFlag } from "../ui/choose.ts";
import { type Call, type CommandSpec, commonFlags, type FirstLook, Misuse } from "./command.ts";
import { Output } from "./output.ts";

type Extension = Awaited<ReturnType<NonNullable<CommandSpec["extend"]>>>;
type Specs = ReadonlyMap<string, FlagSpec>;

const tableOf = (...flags: readonly FlagSpecs[]): Specs => new Map(flags.flatMap((specs) => Object.entries(specs)));

/** Runs a command. `path` is its name as typed, `argv` what stands beside the name. */
export async function runCommand(command: CommandSpec, path: string, argv: readonly string[]): Promise<number> {
  const namesFlagfile = argv.some((argument) => /^--?flagfile(=|$)/.test(argument));
  const options = namesFlagfile ? { readFile: (await import("../io/text_file.ts")).readTextFile } : {};
  const known = tableOf(command.flags, commonFlags);
  const model = await command.extend?.(lookAt(parseArguments(known, argv, options), known));
  const other = otherNames(command.flags, model, path);
  const own = Object.entries(command.flags).map(([name, spec]) => [other.get(name) ?? name, spec] as const);
  const specs = tableOf(Object.fromEntries(own), model?.flags ?? {}, commonFlags);
  const parsed = parseArguments(specs, argv, options);
  if (parsed.unknown[0]) {
    const error = unknownFlag(parsed.unknown[0].name, specs);
    const owner = model
      ? `Flags of ${model.owner}: tsflow ${path} ${model.owner} --help`
      : `Flags: tsflow ${path} --help`;
    throw Object.assign(error, { hint: owner });
  }
  const given = new FlagValues();
  for (const [name, spec] of specs) given.define(name, spec);
  const environment = environmentSettings(specs, process.env);
  for (const [name, { value, origin }] of [...environment, ...parsed.settings]) given.set(name, value, origin);

  const values = given.values();
  for (const [name, typed] of other) values[name] = values[typed]!;
  const flags = values as Call<FlagSpecs>["flags"];
  const out = new Output({ json: flags.json, quiet: flags.quiet, color: flags.color as ColorFlag });
  if (flags.version) out.print(`tsflow ${version}`);
  else if (flags.help || flags.helpshort || flags.helpfull) {
    const { commandHelp, fullHelp, shortHelp } = await import("./help/texts.ts");
    const parts = { path, command: { ...command, flags: Object.fromEntries(own) }, ...(model && { model }) };
    out.print(...(flags.helpfull ? fullHelp(parts, given) : flags.helpshort ? shortHelp(parts) : commandHelp(parts)));
  } else if (flags.print_flags) out.write(flagfileOf(given));
  else {
    countWords(command, path, parsed.words);
    return (await command.run({ flags, given, words: parsed.words, out })) ?? 0;
  }
  return 0;
}

/**
 * A flag of the model is the model's. Where the command has one of the same name and kind, both read that value; where the kinds differ
 * the command's own is called by the command: a model with a number `target` leaves `--train_target` to `tsflow train`.
 * Throws Misuse for a flag that every command has.
 */
function otherNames(flags: FlagSpecs, model: Extension | undefined, path: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [name, { kind }] of Object.entries(model?.flags ?? {})) {
    const common = (commonFlags as FlagSpecs)[name];
    if (common && common.kind !== kind) {
      throw new Misuse(`flag --${name} of ${model!.owner} means something else to every command: name it otherwise`);
    }
    if (flags[name] && flags[name].kind !== kind) names.set(name, `${path.split(" ").pop()}_${name}`);
  }
  return names;
}

/** What the model is chosen by: flags given or in the environment, and words. */
function lookAt({ settings, words, unknown }: ReturnType<typeof parseArguments>, specs: Specs): FirstLook {
  const environment = environmentSettings(specs, process.env);
  const doubtful = new Set(unknown.map((flag) => flag.nextWord));
  return {
    value: (name) => (settings.get(name) ?? environment.get(name))?.value,
    words: words.filter((_, i) => !doubtful.has(i)),
    doubtful: words.filter((_, i) => doubtful.has(i)),
  };
}

/** The effective flags, without those that only shape this call. */
function flagfileOf(given: FlagValues): string {
  const passing = Object.keys(commonFlags).flatMap((name) => [`--${name}`, `--no${name}`]);
  const lines = given.toFlagfile().split("\n");
  return lines.filter((line) => !passing.includes(line.replace(/=.*/s, ""))).join("\n");
}

function countWords({ words: [least, most], usage }: CommandSpec, path: string, words: readonly string[]): void {
  const how = `Usage: tsflow ${path}${usage ? ` ${usage}` : ""}`;
  if (words.length < least) throw new Misuse(`tsflow ${path}: an argument is missing`, how);
  if (words.length > most) throw new Misuse(`tsflow ${path}: unexpected argument "${words[most]}"`, how);
}
