/** Which files are taken for native libraries: a wrong one only means that there is none. The loader is a stand-in where no real file can be wrong so. */
import { describe, expect, test } from "vitest";
import { candidates, search } from "../../../src/engine/native/find.ts";
import type { ForeignFunction, Koffi } from "../../../src/engine/native/foreign.ts";
import { createWasmEngine } from "../../../src/engine/wasm_engine.ts";
import { koffi, libraries } from "./library.ts";

/** A loader of one library that has these functions. */
const loader = (functions: Readonly<Record<string, ForeignFunction>>): Koffi => ({
  version: "3.0.0",
  address: () => 4096n,
  load: () => ({
    func(name) {
      const found = functions[name];
      if (!found) throw new Error(`Cannot find function '${name}' in shared library`);
      return found;
    },
  }),
});

const openBlas = { kind: "openblas", path: "/usr/lib/libopenblas.so.0" } as const;
const config = (text: string) => () => text;
const nothing = () => 0;

describe("search", () => {
  test("says that koffi is missing, and how to add it", () => {
    const { library, reason, commands } = search({
      koffi: { missing: "koffi is not installed" },
      candidates: [openBlas],
      system: "linux",
    });
    expect([library, reason, commands[0]]).toEqual([null, "koffi is not installed", "npm install koffi"]);
    expect(commands[1]).toMatch(/^apt install libdnnl/);
  });

  test("says that no library is there, and how to add one", () => {
    const absent: Koffi = {
      ...loader({}),
      load() {
        throw new Error("Failed to load shared library: cannot open shared object file: No such file or directory");
      },
    };
    const { library, refused, reason, commands } = search({ koffi: absent, candidates: [openBlas], system: "darwin" });
    expect([library, refused, reason]).toEqual([null, [], "no native library is in the system's folders"]);
    expect(commands).toEqual(["brew install onednn"]);
  });

  test.each([
    ["a library without the functions", {}, "Cannot find function 'openblas_get_config' in shared library"],
    ["a library without a version", { openblas_get_config: config("MyBLAS") }, 'a version in "MyBLAS" is expected'],
    [
      "an old version",
      { openblas_get_config: config("OpenBLAS 0.2.20 DYNAMIC_ARCH") },
      "OpenBLAS 0.2.20 is too old: 0.3.10 or later is needed",
    ],
    [
      "sizes of 64 bits",
      { openblas_get_config: config("OpenBLAS 0.3.21 USE64BITINT DYNAMIC_ARCH") },
      "OpenBLAS of 64-bit sizes",
    ],
    [
      "a library without products",
      { openblas_get_config: config("OpenBLAS 0.3.21"), openblas_set_num_threads: nothing },
      "Cannot find function 'cblas_sgemm' in shared library",
    ],
    [
      "products that are wrong",
      {
        openblas_get_config: config("OpenBLAS 0.3.21"),
        openblas_set_num_threads: nothing,
        cblas_sgemm: nothing,
        cblas_dgemm: nothing,
      },
      "its float32 product of 8x8 is wrong: NaN for ",
    ],
    [
      "functions that throw",
      {
        openblas_get_config: config("OpenBLAS 0.3.21"),
        openblas_set_num_threads() {
          throw new TypeError("Unexpected value");
        },
        cblas_sgemm: nothing,
        cblas_dgemm: nothing,
      },
      "Unexpected value",
    ],
  ])("refuses %s", (_, functions, why) => {
    const { library, refused, reason } = search({ koffi: loader(functions), candidates: [openBlas], system: "linux" });
    expect(library).toBeNull();
    expect(refused).toHaveLength(1);
    expect(refused[0]!.why).toContain(why);
    expect(reason).toContain(why);
  });

  test.runIf(koffi)("refuses a real library of another kind, and takes the next one", () => {
    const [first] = libraries;
    const wrong = [
      { kind: "onednn", path: "/proc/self/exe" },
      { kind: "openblas", path: import.meta.filename },
    ] as const;
    const none = search({ koffi: koffi!, candidates: wrong, system: "linux" });
    expect(none.library).toBeNull();
    expect(none.refused.length).toBe(process.platform === "linux" ? 2 : none.refused.length);
    if (!first) return;
    const kind = first.name.startsWith("onednn") ? "onednn" : "openblas";
    const found = search({ koffi: koffi!, candidates: [...wrong, { kind, path: first.path }], system: "linux" });
    expect(found.library?.name).toBe(first.name);
  });

  test.runIf(libraries.length > 0)("refuses a library whose functions are another's", () => {
    // The real file behind other names: a pointer to a version is read where a CBLAS has a function.
    const real = koffi!.load(libraries[0]!.path);
    const renamed: Koffi = {
      ...koffi!,
      load: () => ({
        func: (name, result, args) => real.func(name.replace("dnnl_version", "dnnl_versoin"), result, args),
      }),
    };
    const { library } = search({
      koffi: renamed,
      candidates: [{ kind: "onednn", path: libraries[0]!.path }],
      system: "linux",
    });
    expect(library).toBeNull();
  });
});

describe("candidates", () => {
  test("are whole paths in folders of the system, oneDNN first", () => {
    for (const [system, arch] of [
      ["linux", "x64"],
      ["linux", "arm64"],
      ["darwin", "arm64"],
      ["darwin", "x64"],
    ] as const) {
      const places = candidates(system, arch);
      expect(places[0]!.kind).toBe("onednn");
      expect(places.every(({ path }) => /^\/(usr|lib|lib64|opt|System)\//.test(path))).toBe(true);
    }
    expect(candidates("linux", "x64").map(({ path }) => path)).toContain("/usr/lib/x86_64-linux-gnu/libdnnl.so.2");
    expect(candidates("win32", "x64")).toEqual([]);
  });
});

describe("an engine that may use a library", () => {
  test("looks for none before its first large step", () => {
    let asked = 0;
    const native = {
      library() {
        asked++;
        return null;
      },
      addressOf: () => 0,
    };
    const engine = createWasmEngine({ native });
    expect([engine.name, asked]).toEqual(["wasm", 0]);
    engine.lookForNative!();
    engine.lookForNative!();
    expect([engine.name, asked]).toEqual(["wasm", 1]);
  });

  test.runIf(libraries.length > 0)("is named after it", () => {
    const [library] = libraries;
    const engine = createWasmEngine({ native: { library: () => library!, addressOf: () => 0 } });
    engine.lookForNative!();
    expect(engine.name).toBe(`native:${library!.name}`);
  });
});
