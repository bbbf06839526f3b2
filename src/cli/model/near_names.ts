/** What a program may have meant by a name of the library that is not there: Python's spelling, a slip, or another module's function. */
import { suggestNames } from "../../core/suggest.ts";

type Names = Readonly<Record<string, unknown>>;

const isModule = (value: unknown): value is Names => typeof value === "object" && value !== null;
const plain = (name: string): string => name.replaceAll("_", "").toLowerCase();

/** The names of `module` that a misspelt one is near to: the same letters in another spelling, else the fewest edits. */
function near(module: Names, name: string): string[] {
  const names = Object.keys(module);
  const same = names.filter((each) => plain(each) === plain(name));
  return same.length > 0 ? same : suggestNames(name, names).slice(0, 3);
}

/** Adds the hint `Did you mean tf.reduceMean?` to an error such as "tf.reduce_mean is not a function"; others stay as they are. */
export async function addNearNames(error: unknown): Promise<void> {
  if (!(error instanceof Error)) return;
  const { message } = error.cause instanceof Error ? error.cause : error;
  const path = /^tf((?:\.\w+)+) is not a (?:function|constructor)\b/.exec(message)?.[1]?.slice(1).split(".");
  if (!path) return;
  const tf: Names = await import("../../index.ts");
  let [module, place] = [tf, "tf"];
  while (path.length > 1 && isModule(module[path[0]!])) {
    place += `.${path[0]}`;
    module = module[path.shift()!] as Names;
  }
  const name = path[0]!;
  const others = Object.entries({ tf, ...tf }).filter(([, each]) => isModule(each) && each !== module && name in each);
  const elsewhere = others.map(([each]) => (each === "tf" ? `tf.${name}` : `tf.${each}.${name}`));
  const meant = elsewhere.length > 0 ? elsewhere.slice(0, 3) : near(module, name).map((each) => `${place}.${each}`);
  if (meant.length > 0) Object.assign(error, { hint: `Did you mean ${meant.join(" or ")}?` });
}
