/**
 * Units as scripts: lists of functions, each run when its unit is first needed. The first script holds what a short run needs.
 *
 *     import { a } from "./x.ts"        const { a } = __load(3);   or, taken where it is used: see late.mjs
 *     export { b } from "./y.ts"        return __list(__names, { b: 0 }, [() => __load(4)]);     y.ts runs when b is asked for
 *     await import("./z.ts")            await __later(() => __load(5))
 *     import { gunzipSync } from ...    const gunzipSync = __atCall("node:zlib", "gunzipSync");
 *     export { c }                      __names.c = c;
 */
import { createRequire } from "node:module";
import { takeLate } from "./late.mjs";

/** Parts of Node that take milliseconds to load and that most runs never call. */
const slowParts = new Set(["node:crypto", "node:zlib", "node:child_process", "node:worker_threads"]);

/** Lists of the names that users see. */
export const publicModules = /^src\/(api\/|index\.ts$)/;

const nodeRequire = createRequire(import.meta.url);

const head = '(function(exports,require,module,__filename,__dirname){"use strict";';
/** What the second script takes of the first one. */
const shared = "__named,__put,__load,__later,__import,__node,__atCall,__atUse,__list,loaded";

/**
 * Runs units, each once; those that change a unit follow it, as soon as nothing else is starting. A list of other units' names is a proxy,
 * which takes a name when it is asked for: thousands of accessors would take longer than all else at the start. Its entries are a unit's
 * place, or that and the name there ("*" for all of it). A function may have its unit's number, a number of its own, its length, and its name if
 * that is another one, behind that: while the unit has not run, one that calls it stands for it, from then on and everywhere. Functions that
 * lost their names when code was made small get them back.
 */
const runtime = `
const units=[],loaded=[],due=[];let starting=0;
const __import=module.import,__node=require;
const __put=(places,functions)=>Object.values(functions).forEach((unit,i)=>{units[places[i]]=unit;});
const __start=(k)=>{
if(units[k]===undefined)module.part("rest",{${shared}});
const names=loaded[k]={};starting++;loaded[k]=units[k](names)??names;starting--;if(k in follow)due.push(...follow[k]);
while(starting===0&&due.length>0)__load(due.shift());return loaded[k];};
const __load=(k)=>loaded[k]??__start(k);
const __later=async(names)=>names();
const __atCall=(part,name)=>function(...args){const call=__node(part)[name];return new.target?new call(...args):call.apply(this,args);};
const __named=(value,name)=>typeof value==="function"&&value.name===""?Object.defineProperty(value,"name",{value:name}):value;
const __atUse=(take)=>new Proxy({},{get:(_,name)=>take()[name]});
const standing=[];
const __stand=(place,there,length,name=there)=>{let real;const{[name]:call}={[name]:(...args)=>(real??=place()[there])(...args)};
return Object.defineProperty(call,"length",{value:length});};
const __list=(given,entries,places)=>{
const takeNow=(k,there,unit,number,...facts)=>{if(standing[number])return standing[number];
if(unit!==undefined&&!loaded[unit])return standing[number]=__stand(places[k],there,...facts);
const place=places[k]();return there==="*"?place:place[there];};
const take=(name)=>{if(Object.hasOwn(entries,name)&&!Object.hasOwn(given,name)){const[k,there=name,...rest]=[entries[name]].flat();
given[name]=takeNow(k,there,...rest);}return given[name];};
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
    const place = placeOf(from);
    const single = pairs.filter(([name]) => name !== null && name !== "*");
    const whole = pairs.filter(([name]) => name === "*").map(([, to]) => `const ${to}=${place};`);
    if (single.length + whole.length === 0) return `${place};`;
    return whole.join("") + (single.length > 0 ? taken(single, place) : "");
  }).join("");
}

/** Names that come from other units, found when they are asked for; `standing` gives what is known of a function. */
function passing(passed, placeOf, standing) {
  if (passed.size === 0) return "";
  const places = new Map();
  const entries = Array.from(passed, ([to, [from, name]]) => {
    const place = placeOf(from);
    if (!places.has(place)) places.set(place, places.size);
    const k = places.get(place);
    const rest = standing(from, name);
    return `${to}:${name === to && rest.length === 0 ? k : `[${[k, `"${name}"`, ...rest]}]`}`;
  });
  const found = Array.from(places.keys(), (place) => `()=>${place}`);
  return `return __list(__names,{${entries.join(",")}},[${found.join(",")}]);`;
}

/** `isLate(module)`: are its names taken when they are used? */
async function linkUnit({ imports, passed, local, body }, { placeOf, isLate, standing, common }) {
  const isUsedLate = ([from, name]) => name !== null && name !== "*" && !from.startsWith("node:") && isLate(from);
  const late = imports.filter(isUsedLate).map(([from, name, to]) => [placeOf(from), name, to]);
  const early = imports.filter((each) => !isUsedLate(each));
  const later = body.replace(/__later\("([^"]+)"\)/g, (_, module) => `__later(()=>${placeOf(module)})`);
  const code = await takeLate(later, late, common);
  const given = Array.from(local, ([to, from]) => `__names.${to}=__named(${from},"${to}");`).join("");
  return `(__names){${taking(early, body, placeOf)}\n${code.trim()}\n${given}${passing(passed, placeOf, standing)}}`;
}

/** Packages take parts of Node by calls in their code. */
const slowPartsLate = (text) =>
  text.replace(/\b(?:__)?require\("([\w:]+)"\)/g, (call, part) =>
    slowParts.has(part) ? `__atUse(()=>__node("${part}"))` : call,
  );

/** The code of a dynamic import: of a unit, whose place is filled in when units are linked, or of what lies outside. */
export const dynamicImport = (module, isUnit) =>
  module === undefined ? "__import" : isUnit ? `__later("${module}")` : `__import("${module}")`;

/** The two scripts, of units and their texts. */
function scriptsOf(all, texts, { given, added, isFirst, follow }) {
  const put = (chosen) => {
    const functions = chosen.map((k) => {
      const { members } = all[k];
      return `"${members.join(" ")}"${texts[k].replace("{", () => `{${added.get(members[0]) ?? ""}`)}`;
    });
    return `__put([${chosen}],{\n${functions.join(",\n")}\n});`;
  };
  const [first, rest] = [true, false].map((wanted) => [...all.keys()].filter((k) => isFirst(all[k]) === wanted));
  const result = Object.entries(given).map(([name, expression]) => `${name}:${expression}`);
  const count = (chosen) => `count:()=>[${chosen}].filter((k)=>loaded[k]).length`;
  return {
    first: `${head}const follow=${JSON.stringify(follow)};${runtime}${put(first)}return{${result.join(",")},${count(first)}};})`,
    rest: `${head}const{${shared}}=module.runtime;\n${put(rest)}return{${count(rest)}};})`,
  };
}

/**
 * Links units of unitsOf. Gives `places` (a module's unit, and for a circle the object in it), `expressionOf(module)` (where its names
 * are), `packages` (npm packages and JSON files, with the names that are imported of them) and `link`.
 */
export function linkUnits(units, common) {
  const places = new Map();
  for (const [k, { members }] of units.entries())
    for (const [m, member] of members.entries()) places.set(member, members.length === 1 ? [k] : [k, `m${m}`]);
  const namesOf = new Map();
  for (const [from, name] of units.flatMap(({ imports, passed }) => [...imports, ...passed.values()]))
    if (!places.has(from) && !from.startsWith("node:")) namesOf.set(from, (namesOf.get(from) ?? new Set()).add(name));
  // in an order that the units' own has no part in: packages are bundled once
  const packages = new Map([...namesOf].sort(([a], [b]) => (a < b ? -1 : 1)));
  const placeOf = (module) => {
    const [k, member] = places.get(module) ?? [units.length + [...packages.keys()].indexOf(module)];
    if (k < units.length || packages.has(module)) return member ? `__load(${k}).${member}` : `__load(${k})`;
    throw new Error(`bug: nothing holds ${module}`);
  };
  /** The units that change a unit run after it. */
  const follow = {};
  for (const [k, { changes }] of units.entries())
    for (const changed of new Set(changes.map((module) => places.get(module)[0])))
      follow[changed] = [...(follow[changed] ?? []), k];

  /**
   * Links units and packages; `isLate(unit, other)`: are the other's names taken when they are used? `functions` has those
   * ("module name") that others may stand for, with their lengths and names. Gives what writes the scripts,
   * functions with CommonJS' five arguments: `isFirst(unit)`: does the first one hold a unit? Its result has what is `given` (names to
   * expressions); `added` has code that modules run first.
   */
  const link = async (packageUnits, isLate, functions = new Map()) => {
    const numbers = new Map();
    const standing = (module, name) => {
      const key = `${module} ${name}`;
      if (!functions.has(key)) return [];
      if (!numbers.has(key)) numbers.set(key, numbers.size);
      return [places.get(module)[0], numbers.get(key), ...functions.get(key)];
    };
    const all = [...units, ...packageUnits];
    const unitOf = new Map(all.flatMap((unit) => unit.members.map((member) => [member, unit])));
    const texts = await Promise.all(
      all.map(async (unit, k) => {
        const isLateHere = (module) => isLate(unit, unitOf.get(module));
        const isPublic = publicModules.test(unit.members[0]);
        const facts = { placeOf, isLate: isLateHere, standing: isPublic ? standing : () => [], common };
        const text = await linkUnit(unit, facts);
        return k < units.length ? text : slowPartsLate(text);
      }),
    );
    return ({ given, added = new Map(), isFirst }) => scriptsOf(all, texts, { given, added, isFirst, follow });
  };
  return { places, expressionOf: placeOf, packages, link };
}
