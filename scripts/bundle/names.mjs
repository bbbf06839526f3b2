/**
 * Which module defines a name that is imported: imports through lists of other modules' names lead straight to it.
 *
 *     ops/index.ts: export * from "./math/add.ts"
 *     import { addOp } from "../ops/index.ts"   ─►   import { addOp } from "./src/ops/math/add.ts"
 */
import { dirname, join } from "node:path";
import { parse } from "es-module-lexer";

export const slashes = (path) => path.replaceAll("\\", "/");

/** `a as b, default as c` as pairs of names: the one before `as`, the one behind it. */
const pairsOf = (list) =>
  list
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "")
    .map((each) => each.split(/\s+as\s+/))
    .map(([first, second = first]) => [first, second]);

/** As a name of its own, `...name` with it, and not as a property. */
const mentions = (body, name) =>
  new RegExp(`(?<![\\w$]|(?<!\\.\\.)\\.)${name.replaceAll("$", "\\$")}(?![\\w$])`).test(body);

/** An import's or export's `pairs` (exported name, name here), `whole` (the name of all of it), `all`: is it `export *`? */
function clauseOf(statement) {
  const clause = statement.slice(0, statement.lastIndexOf("from")).replace(/^(import|export)/, "");
  const braces = /\{([^}]*)\}/.exec(clause);
  const whole = /\*\s*as\s+([\w$]+)/.exec(clause)?.[1];
  const pairs = braces ? pairsOf(braces[1]) : [];
  const first = /^\s*([\w$]+)/.exec(clause)?.[1];
  if (first && statement.startsWith("import")) pairs.push(["default", first]);
  return { pairs, whole, all: whole === undefined && clause.includes("*") };
}

/**
 * What esbuild wrote, apart: `statements` (imports and exports from elsewhere, with their clauses), `calls` (dynamic imports), `local`
 * (names that are exported, to the names here) and `body`, the rest, with `put(specifier)` in place of dynamic imports.
 */
export function partsOf(text, put) {
  const [imports, exports] = parse(text);
  const statements = imports
    .filter(({ d }) => d === -1)
    .map(({ ss, se, n }) => ({
      ss,
      se,
      specifier: n,
      isExport: text.startsWith("export", ss),
      ...clauseOf(text.slice(ss, se)),
    }));
  const calls = imports.filter(({ d }) => d >= 0);
  const last = exports.some(({ ln }) => ln !== undefined) ? text.lastIndexOf("export{") : -1;
  const close = last < 0 ? -1 : text.indexOf("}", last);
  const local = new Map(
    last < 0 ? [] : pairsOf(text.slice(last + "export{".length, close)).map(([from, to]) => [to, from]),
  );
  const cuts = [
    ...statements.map(({ ss, se }) => [ss, text[se] === ";" ? se + 1 : se, ""]),
    ...calls.map(({ ss, se, n, d, s }) => (n === undefined ? [d, s - 1, put(n)] : [ss, se, put(n)])),
    ...(last < 0 ? [] : [[last, text[close + 1] === ";" ? close + 2 : close + 1, ""]]),
  ].sort(([a], [b]) => a - b);
  let end = 0;
  let body = "";
  for (const [start, stop, instead] of cuts) {
    body += text.slice(end, start) + instead;
    end = stop;
  }
  return { statements, calls: calls.map(({ n }) => n), local, body: body + text.slice(end) };
}

/** The names that an import statement brings: where from, the name there ("*" for all of it, null for its effects alone), the name here. */
export function importsOf({ specifier, pairs, whole }) {
  if (pairs.length === 0 && whole === undefined) return [[specifier, null, null]];
  const one = pairs.map(([name, to]) => [specifier, name, to]);
  return whole === undefined ? one : [...one, [specifier, "*", whole]];
}

/**
 * Modules by path, each with `imports` that its code uses (module or package, name there, name here; "*" for all of it, null for its effects),
 * `passed` (exported name, to where it comes from), `local`, `later` (modules imported while it runs) and `body`.
 * `put(module, specifier)` gives the code of a dynamic import.
 */
export function directImports(texts, { alias, elsewhere, known }, put) {
  const leadOf = (from, specifier) => {
    if (specifier in alias) return alias[specifier];
    if (!specifier.startsWith(".")) return specifier;
    const path = slashes(join(dirname(from), specifier));
    return known.has(path) ? path : `./${path}`;
  };
  const parsed = new Map();
  for (const [path, text] of texts) {
    const lead = (specifier) => specifier && leadOf(path, specifier);
    const parts = partsOf(text, (specifier) => put(lead(specifier)));
    for (const statement of parts.statements) statement.from = lead(statement.specifier);
    const later = parts.calls.map(lead).filter((module) => known.has(module) && !(module in elsewhere));
    parsed.set(path, { ...parts, later });
  }

  /** Where a module's name comes from: [module, name]. */
  const origin = (module, name) => {
    const parts = parsed.get(module);
    if (!parts || name === "*") return [module, name];
    const here = parts.local.get(name);
    if (here !== undefined) {
      for (const { from, pairs, whole, isExport } of parts.statements) {
        if (isExport) continue;
        const pair = pairs.find(([, to]) => to === here);
        if (pair) return origin(from, pair[0]);
        if (whole === here) return [from, "*"];
      }
      return [module, name];
    }
    for (const { from, pairs, whole, isExport } of parts.statements) {
      if (!isExport) continue;
      const pair = pairs.find(([, to]) => to === name);
      if (pair) return origin(from, pair[0]);
      if (whole === name) return [from, "*"];
    }
    for (const { from } of parts.statements.filter(({ all }) => all)) {
      const found = namesOf(from).includes(name) ? origin(from, name) : undefined;
      if (found) return found;
    }
    throw new Error(`${module} exports no ${name}`);
  };

  /** The names of a module, those behind `export *` with them. */
  const namesOf = (module) => {
    const { statements, local } = parsed.get(module);
    const listed = statements.filter(({ isExport }) => isExport);
    const names = listed.flatMap(({ from, pairs, whole, all }) =>
      all
        ? namesOf(from).filter((name) => name !== "default")
        : whole !== undefined
          ? [whole]
          : pairs.map(([, to]) => to),
    );
    return [...new Set([...local.keys(), ...names])];
  };

  const modules = new Map();
  for (const [path, parts] of parsed) {
    const imports = parts.statements
      .filter(({ isExport }) => !isExport)
      .flatMap((statement) => importsOf({ ...statement, specifier: statement.from }))
      .filter(([, name, to]) => name === null || mentions(parts.body, to))
      .map(([from, name, to]) => (name === null ? [from, null, null] : [...origin(from, name), to]));
    const passed = new Map();
    for (const name of namesOf(path)) {
      const [module, there] = origin(path, name);
      if (module !== path) passed.set(name, [module, there]);
    }
    const local = new Map([...parts.local].filter(([name]) => !passed.has(name)));
    modules.set(path, { imports, passed, local, later: parts.later, body: parts.body });
  }
  return modules;
}
