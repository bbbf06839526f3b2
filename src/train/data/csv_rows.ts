/** Rows of comma-separated text as Python's csv module reads them. */

/** The fields of each row. Quotes around a field may hold delimiters and line ends; two quotes inside are one. Empty lines are left out. */
export function* csvRows(text: string, delimiter: string, quotes: boolean): Generator<string[]> {
  let row: string[] = [];
  let field = "";
  let isQuoted = false;
  let isStarted = false;
  const endField = (): void => {
    row.push(field);
    field = "";
  };
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (isQuoted) {
      if (char !== '"') field += char;
      else if (text[i + 1] === '"') {
        field += char;
        i++;
      } else isQuoted = false;
    } else if (quotes && char === '"' && field === "") {
      isQuoted = true;
      isStarted = true;
    } else if (char === delimiter) {
      endField();
      isStarted = true;
    } else if (char === "\n" || char === "\r") {
      if (char === "\r" && text[i + 1] === "\n") i++;
      if (isStarted || field !== "") {
        endField();
        yield row;
      }
      row = [];
      isStarted = false;
    } else field += char;
  }
  if (!isStarted && field === "") return;
  endField();
  yield row;
}
