/** What the program writes to standard error while a function runs, line by line. */
export async function errorLines(body: () => unknown): Promise<string[]> {
  const { write } = process.stderr;
  const texts: string[] = [];
  process.stderr.write = ((text: string) => texts.push(text) > 0) as typeof write;
  try {
    await body();
  } finally {
    process.stderr.write = write;
  }
  return texts;
}
