/** Names of nodes as a part of a graph sees them that was cut out of a scope, or put into one. Source: tensorflow/python/framework/ops.py. */

/** The name without the scope in front of it; `^` and `loc:@` stay in front. The name itself where it lies elsewhere. */
export function stripNameScope(name: string, scope: string | undefined): string {
  if (!scope) return name;
  const [, mark, rest] = /^(\^|loc:@|)(.*)$/s.exec(name)!;
  const prefix = `${scope.replace(/\/$/, "")}/`;
  return rest!.startsWith(prefix) ? mark! + rest!.slice(prefix.length).replace(/^\/+/, "") : name;
}

/** The name within the scope; `^` and `loc:@` stay in front. */
export function prependNameScope(given: string | null | undefined, scope: string | undefined): string {
  const name = given ?? "";
  if (!scope) return name;
  const [, mark, rest] = /^(\^|loc:@|)(.*)$/s.exec(name)!;
  return `${mark}${scope.replace(/\/$/, "")}/${rest}`;
}
