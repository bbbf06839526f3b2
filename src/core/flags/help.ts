/** The help of a program's flags as absl prints it. Source: absl/flags/_flagvalues.py, _helpers.py. */
import { type FlagSpec, formatFlagValue, syntacticHelp } from "./value.ts";

const width = 80;

/** Words on lines of at most 80 columns, the first line indented by 2, further ones by 4. */
function wrap(text: string): string {
  const lines: string[] = [];
  let line = " ";
  let indent = 1;
  for (const word of text.split(/\s+/).filter((w) => w !== "")) {
    if (line.length > indent && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "   ";
      indent = 3;
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}

function describe(name: string, spec: FlagSpec): string {
  const shown = spec.kind === "bool" ? `[no]${name}` : name;
  const short = spec.short ? `-${spec.short},` : "";
  const values = spec.kind === "enum" ? `<${spec.values!.join("|")}>: ` : "";
  const lines = [wrap(`${short}--${shown}: ${values}${spec.help}${spec.kind === "multi" ? ";" : ""}`)];
  if (spec.kind === "multi") lines.push("    repeat this option to specify a list of values");
  if (spec.default !== null) {
    const text = formatFlagValue(spec.default);
    const shown =
      spec.kind === "multi" ? `"[${(spec.default as string[]).map((item) => `'${item}'`).join(", ")}]"` : `'${text}'`;
    lines.push(`    (default: ${shown})`);
  }
  const syntax = syntacticHelp(spec);
  if (syntax !== "") lines.push(`    (${syntax})`);
  return lines.join("\n");
}

/** All flags of a program, by name. */
export function abslHelp(program: string, specs: ReadonlyMap<string, FlagSpec>): string {
  const names = [...specs.keys()].sort();
  return [
    "",
    `       USAGE: ${program} [flags]`,
    "flags:",
    "",
    `${program}:`,
    ...names.map((name) => describe(name, specs.get(name)!)),
    "",
    "Try --helpfull to get a list of all flags.",
    "",
  ].join("\n");
}
