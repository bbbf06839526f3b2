/** Files that come with the package. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The path of a file of the package, `data/digits-train.tfrecord`, whether it runs from its sources or bundled. */
export function packageFile(path: string): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("bug: the package has no package.json");
    folder = parent;
  }
  return join(folder, path);
}
