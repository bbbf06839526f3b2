/**
 * Names of other units that are taken when they are used, not when a unit starts:
 *
 *     import { a } from "./x.ts"; f = () => a(1);     let n0; const f = () => (0, (n0 ??= __load(3)).a)(1);
 */
import { transform } from "esbuild";

/** esbuild finds where a name is meant: it puts `import_late0.a` there, after `require("late0")`. */
const required = /(?:var |,)import_late(\d+)=require\("late\d+"\)(?=[,;])/g;

/**
 * A unit's code with names taken late. `names` are [place, name there, name here] with the expression of a place. Functions are called
 * without a `this`, as imported ones are.
 */
export async function takeLate(body, names, { target }) {
  if (names.length === 0) return body;
  const places = [...new Set(names.map(([place]) => place))];
  // a default import would have its own rules
  const imports = places.map((place, k) => {
    const taken = names.filter(([from]) => from === place);
    const pairs = taken.map(([, name, to]) => `${name === "default" ? "late_default" : name} as ${to}`);
    return `import{${pairs.join(",")}}from"late${k}";`;
  });
  const { code } = await transform(`${imports.join("")}\n${body}`, {
    format: "cjs",
    target,
    charset: "ascii",
    minifyWhitespace: true,
    lineLimit: 160,
    legalComments: "none",
  });
  const used = new Set();
  const rest = code
    .replace(/^"use strict";/, "")
    .replace(required, (_, k) => {
      used.add(Number(k));
      return "";
    })
    .replace(/^;+/, "");
  const late = rest
    .replace(/\bimport_late(\d+)\.late_default\b/g, "import_late$1.default")
    .replace(/\bimport_late(\d+)\./g, (_, k) => `(n$${k}??=${places[k]}).`);
  if (late.includes("import_late")) throw new Error(`a name is not taken: ${/.{0,80}import_late.{0,80}/.exec(late)}`);
  const slots = [...used].map((k) => `n$${k}`);
  return slots.length > 0 ? `let ${slots.join(",")};${late}` : late;
}
