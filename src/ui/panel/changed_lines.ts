/**
 * Ink redraws a frame by erasing all of its lines and writing all of the next. Between ink and the terminal, this writes only the
 * lines that differ. (Ink's own `incrementalRendering` loses a line when a frame ends in a newline, as frames below scrollback do.)
 *
 *     ink     ESC[2K ESC[1A  (n - 1 times)  ESC[2K ESC[G   line \n  line \n  …
 *     here    ESC[<n - 1>A   ESC[1B for a line that stays, or  line ESC[K \n  …  ESC[J
 */

const esc = "\u001b";
const eraseLine = `${esc}[2K`;
const lineUp = `${esc}[1A`;
const toLineStart = `${esc}[G`;
const eraseEnd = `${esc}[K`;
const eraseBelow = `${esc}[J`;

const eraseLines = (n: number): string => (n === 0 ? "" : (eraseLine + lineUp).repeat(n - 1) + eraseLine + toLineStart);

/** The writes that turn one frame into the next; both end in a newline, and the cursor is behind the first. */
export function changeLines(before: string, after: string): string {
  const old = before.split("\n").slice(0, -1);
  const lines = after.split("\n").slice(0, -1);
  const writes = lines.map((line, i) => (line === old[i] ? `${esc}[1B` : `${line}${eraseEnd}\n`));
  return `\r${esc}[${old.length}A${writes.join("")}${lines.length < old.length ? eraseBelow : ""}`;
}

/** The stream as ink shall see it. */
export function changedLinesOnly(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  let frame = "";
  const write = (chunk: string | Uint8Array, ...more: unknown[]): boolean => {
    const text = typeof chunk === "string" ? chunk : "";
    const erased = frame === "" ? "" : eraseLines(frame.split("\n").length);
    const next = erased !== "" && text.startsWith(erased) ? text.slice(erased.length) : undefined;
    const isFrame = next?.endsWith("\n") === true && !next.includes("\r");
    const out = isFrame ? changeLines(frame, next) : chunk;
    if (isFrame) frame = next;
    // After an erasure ink writes scrollback, then the frame anew: the last text that ends a line is what its next erasure meets.
    else if (text !== "" && !text.startsWith(`${esc}[?`)) frame = text.endsWith("\n") ? text : "";
    return (stream.write as (...args: unknown[]) => boolean)(out, ...more);
  };
  return new Proxy(stream, {
    get(target, name) {
      if (name === "write") return write;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
