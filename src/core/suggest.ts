/** The names that a mistyped one may have meant. */

/** Least edits (insert, delete, replace, swap of two neighbours) that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => new Int32Array(b.length + 1).fill(i));
  for (let j = 0; j <= b.length; j++) rows[0]![j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      let d = Math.min(
        rows[i - 1]![j]! + 1,
        rows[i]![j - 1]! + 1,
        rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) d = Math.min(d, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = d;
    }
  }
  return rows[a.length]![b.length]!;
}

/**
 * The names nearest to a mistyped one, in alphabetical order: those whose prefix of its length takes the fewest edits. None for
 * two letters or less, and none when half of the letters are wrong.
 * Source: absl/flags/_helpers.py, get_flag_suggestions.
 */
export function suggestNames(attempt: string, names: Iterable<string>): string[] {
  if (attempt.length <= 2) return [];
  const near = [...names].map((name) => ({ name, edits: editDistance(attempt, name.slice(0, attempt.length)) }));
  const least = near.reduce((edits, candidate) => Math.min(edits, candidate.edits), Number.POSITIVE_INFINITY);
  if (least >= 0.5 * attempt.length) return [];
  const nearest = near.filter((candidate) => candidate.edits === least).map((candidate) => candidate.name);
  return [...new Set(nearest)].sort();
}

/** ` Did you mean a or b?`, or nothing. */
export function didYouMean(attempt: string, names: Iterable<string>): string {
  const suggestions = suggestNames(attempt, names);
  return suggestions.length === 0 ? "" : ` Did you mean ${suggestions.join(" or ")}?`;
}
