/**
 * Units as one script: a list of functions, each run when its unit is first needed.
 *
 *     import { a } from "./x.ts"        const { a } = __load(3);
 *     export { b } from "./y.ts"        return __list(__names, { b: 0 }, [() => __load(4)]);     y.ts runs when b is asked for
 *     await import("./z.ts")            await __later(() => __load(5))
 *     import { gunzipSync } from ...    const gunzipSync = __atCall("node:zlib", "gunzipSync");
 *     export { c }                      __names.c = c;
 */
import { createRequire } from "node:module";

/** Parts of Node that take milliseconds to load and that most runs never call. */
const slowParts = new Set(["node:crypto", "node:zlib", "node:child_process", "node:worker_threads"]);

const nodeRequire = createRequire(import.meta.url);

/**
 * Runs units, each once. A list of other units' names is a proxy, which takes a name when it is asked for: thousands of accessors would
 * take longer than all else at the start. Its entries are a unit's place, or that and the name there ("*" for all of it).
 */
const runtime = `
const loaded=[];
const __import=module.import,__node=require;
const __load=(k)=>{let names=loaded[k];if(names===undefined){names=loaded[k]={};names=loaded[k]=units[k](names)??names;}return names;};
const __later=async(names)=>names();
const __atCall=(part,name)=>function(...args){const call=require(part)[name];return new.target?new call(...args):call.apply(this,args);};
const __atUse=(take)=>new Proxy({},{get:(_,name)=>take()[name]});
const __list=(given,entries,places)=>{
const take=(name)=>{if(Object.hasOwn(entries,name)&&!Object.hasOwn(given,name)){const[k,there]=[entries[name]].flat();
const place=places[k]();given[name]=there==="*"?place:place[there??name];}return given[name];};
return new Proxy(given,{get:(_,name)=>take(name),has:(_,name)=>name in given||Object.hasOwn(entries,name),
ownKeys:()=>[...new Set([...Object.keys(entries),...Object.keys(given)])],
getOwnPropertyDescriptor:(_,name)=>(take(name),Object.getOwnPropertyDescriptor(given,name))});};
`;

/** Lists with equal first elements, together. */
function byFirst(lists) {
  const groups = new Map();
  for (const [first, ...rest] of lists) groups.set(first, [...(groups.get(first) ?? []), rest]);
  return groups;
}

const taken = (pairs, place) =>
  `const{${pairs.map(([from, to]) => (from === to ? from : `${from}:${to}`)).join(",")}}=${place};`;

/** What is taken of a slow part is found when it is first used; all else of Node at once. */
function takeFromNode(part, pairs, body) {
  const isSlow = slowParts.has(part);
  const lateOf = (from, to) => {
    if (from === "*" || from === "default") return `__atUse(()=>__node("${part}"))`;
    if (typeof nodeRequire(part)[from] !== "function") return `__atUse(()=>__node("${part}").${from})`;
    return new RegExp(`(extends|instanceof) ${to}\\b|[^\\w$.]${to}\\.`).test(body)
      ? undefined
      : `__atCall("${part}","${from}")`;
  };
  return pairs
    .map(([from, to]) => {
      const now = from === "*" || from === "default" ? `__node("${part}")` : `__node("${part}").${from}`;
      return `const ${to}=${(isSlow ? lateOf(from, to) : undefined) ?? now};`;
    })
    .join("");
}

/** What stands before a unit's code: the names that it takes from other units. */
function taking(imports, body, placeOf) {
  return Array.from(byFirst(imports), ([from, pairs]) => {
    if (from.startsWith("node:")) return takeFromNode(from, pairs, body);
    const place = placeOf(from, pairs);
    const single = pairs.filter(([name]) => name !== null && name !== "*");
    const whole = pairs.filter(([name]) => name === "*").map(([, to]) => `const ${to}=${place};`);
    if (single.length + whole.length === 0) return `${place};`;
    return whole.join("") + (single.length > 0 ? taken(single, place) : "");
  }).join("");
}

/** Names that come from other units, found when they are asked for. */
function passing(passed, placeOf) {
  if (passed.size === 0) return "";
  const places = new Map();
  const entries = Array.from(passed, ([to, [from, name]]) => {
    const place = placeOf(from, [[name]]);
    if (!places.has(place)) places.set(place, places.size);
    const k = places.get(place);
    return `${to}:${name === to ? k : `[${k},"${name}"]`}`;
  });
  const found = Array.from(places.keys(), (place) => `()=>${place}`);
  return `return __list(__names,{${entries.join(",")}},[${found.join(",")}]);`;
}

function linkUnit({ imports, passed, local, body }, placeOf) {
  const later = body.replace(/__later\("([^"]+)"\)/g, (_, module) => `__later(()=>${placeOf(module, [])})`);
  const given = Array.from(local, ([to, from]) => `__names.${to}=${from};`).join("");
  return `(__names){${taking(imports, body, placeOf)}\n${later.trim()}\n${given}${passing(passed, placeOf)}}`;
}

/** Packages take parts of Node by calls in their code. */
const slowPartsLate = (text) =>
  text.replace(/\b(?:__)?require\("([\w:]+)"\)/g, (call, part) =>
    slowParts.has(part) ? `__atUse(()=>__node("${part}"))` : call,
  );

/** The code of a dynamic import: of a unit, whose place is filled in when units are linked, or of what lies outside. */
export const dynamicImport = (module, isUnit) =>
  module === undefined ? "__import" : isUnit ? `__later("${module}")` : `__import("${module}")`;

/**
 * Links units of unitsOf. Gives `places` (a module's unit, and for a circle the object in it), `expressionOf(module)` (where its names
 * are), `packages` (npm packages and JSON files, with the names that are imported of them) and `write(packageUnits, given, added)`:
 * the script, a function with CommonJS' five arguments whose result has what is `given` (names to expressions); `added` has code that
 * modules run first.
 */
export function linkUnits(units) {
  const places = new Map();
  for (const [k, { members }] of units.entries())
    for (const [m, member] of members.entries()) places.set(member, members.length === 1 ? [k] : [k, `m${m}`]);
  const packages = new Map();
  const expressionOf = (module) => {
    const [k, member] = places.get(module);
    return member ? `__load(${k}).${member}` : `__load(${k})`;
  };
  const placeOf = (module, pairs) => {
    if (places.has(module)) return expressionOf(module);
    if (!packages.has(module)) packages.set(module, new Set());
    for (const [name] of pairs) packages.get(module).add(name);
    return `__load(${units.length + [...packages.keys()].indexOf(module)})`;
  };
  const texts = units.map((unit) => linkUnit(unit, placeOf));
  const withAdded = (text, code = "") => text.replace("{", () => `{${code}`);
  const write = (packageUnits, given, added = new Map()) => {
    const functions = [
      ...units.map(({ members }, k) => `"${members.join(" ")}"${withAdded(texts[k], added.get(members[0]))}`),
      ...packageUnits.map((unit) => `"${unit.members[0]}"${slowPartsLate(linkUnit(unit, placeOf))}`),
    ];
    const result = Object.entries(given).map(([name, expression]) => `${name}:${expression}`);
    const end = `});return{${result.join(",")}};`;
    return `(function(exports,require,module,__filename,__dirname){"use strict";${runtime}const units=Object.values({\n${functions.join(",\n")}\n${end}})`;
  };
  return { places, expressionOf, packages, write };
}
