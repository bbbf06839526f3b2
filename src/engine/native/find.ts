/**
 * Which native library this machine has: known names in the system's folders, oneDNN before a CBLAS, the first one that loads, has a
 * known version and passes the 8x8 test. Nothing is looked for in the working directory or in folders that the environment names.
 */
import { env, platform, setUnlessSet } from "../../core/host.ts";
import { openAccelerate, openOpenBlas, prepareOpenBlas } from "./cblas.ts";
import { errorText, type Koffi, loadKoffi, type Missing, type SharedObject, useLargePages } from "./foreign.ts";
import type { NativeLibrary } from "./library.ts";
import { openOneDnn } from "./onednn/library.ts";
import { selfTest } from "./self_test.ts";
import type { NativeSource } from "./steps.ts";

export type LibraryKind = "onednn" | "openblas" | "accelerate";

export interface Candidate {
  readonly kind: LibraryKind;
  readonly path: string;
}

export interface Refused {
  readonly path: string;
  readonly why: string;
}

export interface Search {
  /** Null without koffi. */
  readonly koffiVersion: string | null;
  readonly library: NativeLibrary | null;
  /** Files that are there and are not taken. */
  readonly refused: readonly Refused[];
  /** Why there is no library: one sentence, and commands that would add what is missing. */
  readonly reason: string;
  readonly commands: readonly string[];
}

/** Turns of looking for work before a thread of libgomp sleeps, some 20 microseconds: from one product of a step to the next, hardly longer. */
const ompSpins = "1000";

/** Minor versions of oneDNN 3 that systems put into the file's name. */
const minors = Array.from({ length: 20 }, (_, i) => 19 - i);

const linuxFolders = (arch: string): string[] => {
  const triple = { x64: "x86_64", arm64: "aarch64", ppc64: "powerpc64le", riscv64: "riscv64", s390x: "s390x" }[arch];
  const debian = triple ? [`/usr/lib/${triple}-linux-gnu`] : [];
  return ["/usr/local/lib64", "/usr/local/lib", ...debian, "/usr/lib64", "/usr/lib", "/lib64", "/lib"];
};

/** All places where a library may be, the best first. */
export function candidates(system: string, arch: string): readonly Candidate[] {
  const make = (kind: LibraryKind, folders: readonly string[], names: readonly string[]): Candidate[] =>
    names.flatMap((name) => folders.map((folder) => ({ kind, path: `${folder}/${name}` })));
  if (system === "linux") {
    const folders = linuxFolders(arch);
    const dnnl = ["libdnnl.so.3", ...minors.map((minor) => `libdnnl.so.3.${minor}`), "libdnnl.so.2"];
    const blas = ["libopenblas.so.0", "libopenblasp.so.0", "libopenblas.so"];
    return [...make("onednn", folders, dnnl), ...make("openblas", folders, blas)];
  }
  if (system === "darwin") {
    const brew = arch === "arm64" ? "/opt/homebrew" : "/usr/local";
    const folders = [`${brew}/lib`, `${brew}/opt/onednn/lib`, `${brew}/opt/openblas/lib`, "/opt/local/lib"];
    return [
      ...make("onednn", folders, ["libdnnl.3.dylib", "libdnnl.2.dylib"]),
      ...make("openblas", folders, ["libopenblas.0.dylib"]),
      { kind: "accelerate", path: "/System/Library/Frameworks/Accelerate.framework/Accelerate" },
    ];
  }
  return [];
}

/** The commands that would add a library to this kind of machine. */
export function libraryCommands(system: string): readonly string[] {
  if (system === "linux") return ["apt install libdnnl-dev (Debian, Ubuntu) or dnf install onednn (Fedora)"];
  return system === "darwin" ? ["brew install onednn"] : [];
}

export interface Sources {
  readonly koffi: Koffi | Missing;
  readonly candidates: readonly Candidate[];
  readonly system: string;
}

/** The loader's words where the file itself is not there, and not another one that it needs. */
const isAbsent = (why: string, path: string): boolean =>
  /^Failed to load shared library: (cannot open shared object file: )?No such file/i.test(why) ||
  (why.includes(path) && /no such file/i.test(why) && !/Library not loaded/i.test(why));

/** Looks through the candidates. Never throws: what is wrong with a library is the reason not to take it. */
export function search({ koffi, candidates: places, system }: Sources): Search {
  if ("missing" in koffi) {
    const commands = ["npm install koffi", ...libraryCommands(system)];
    return { koffiVersion: null, library: null, refused: [], reason: koffi.missing, commands };
  }
  const refused: Refused[] = [];
  for (const { kind, path } of places) {
    try {
      prepare(kind, koffi);
      const file = koffi.load(path);
      const library = open(kind, file, path, koffi);
      selfTest(library, koffi);
      return { koffiVersion: koffi.version, library, refused, reason: "", commands: [] };
    } catch (error) {
      const why = errorText(error);
      if (!isAbsent(why, path)) refused.push({ path, why });
    }
  }
  const reason =
    refused.length > 0
      ? `no native library can be used (${refused.map(({ path, why }) => `${path}: ${why}`).join("; ")})`
      : "no native library is in the system's folders";
  return { koffiVersion: koffi.version, library: null, refused, reason, commands: libraryCommands(system) };
}

/** What a library reads from the environment while it is loaded. */
function prepare(kind: LibraryKind, koffi: Koffi): void {
  if (kind === "openblas") prepareOpenBlas(koffi);
  if (kind === "onednn" && env("OMP_WAIT_POLICY") === undefined) setUnlessSet("GOMP_SPINCOUNT", ompSpins);
}

function open(kind: LibraryKind, file: SharedObject, path: string, koffi: Koffi): NativeLibrary {
  if (kind === "onednn") return openOneDnn(file, path, koffi);
  return kind === "openblas" ? openOpenBlas(file, path) : openAccelerate(file, path);
}

let found: Search | undefined;

/** The library of this process, looked for once. */
export function findNative(): Search {
  if (!found) {
    const { system, arch } = platform();
    found = search({ koffi: loadKoffi(), candidates: candidates(system, arch), system });
  }
  return found;
}

/** The library as an engine takes it. */
export const nativeSource: NativeSource = {
  library: () => findNative().library,
  addressOf: (view) => Number((loadKoffi() as Koffi).address(view)),
  prepare: (range) => useLargePages(loadKoffi() as Koffi, range),
};
