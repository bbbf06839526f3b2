/** The native libraries of this machine, for tests. TSFLOW_TEST_NATIVE names a further file of oneDNN. */
import { platform } from "../../../src/core/host.ts";
import { candidates, search } from "../../../src/engine/native/find.ts";
import { type Koffi, loadKoffi } from "../../../src/engine/native/foreign.ts";
import type { NativeLibrary } from "../../../src/engine/native/library.ts";
import type { NativeSource } from "../../../src/engine/native/steps.ts";

const loaded = loadKoffi();
export const koffi: Koffi | null = "missing" in loaded ? null : loaded;

const { system, arch } = platform();
const named = process.env.TSFLOW_TEST_NATIVE;
const places = [...(named ? [{ kind: "onednn", path: named } as const] : []), ...candidates(system, arch)];

/** One of each name. */
export const libraries: readonly NativeLibrary[] = koffi
  ? [
      ...new Map(
        places.flatMap((place) => {
          const { library } = search({ koffi, candidates: [place], system });
          return library ? [[library.name, library] as const] : [];
        }),
      ).values(),
    ]
  : [];

if (libraries.length === 0)
  process.stderr.write(`native libraries: ${koffi ? "none found" : "no koffi"}: their tests are skipped\n`);

export const sourceOf = (library: NativeLibrary): NativeSource => ({
  library: () => library,
  addressOf: (view) => Number(koffi!.address(view)),
});
