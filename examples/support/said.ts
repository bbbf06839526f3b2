/** The class and the first line of the error that `fn` ends with: `ValueError: …`. */
export async function said(fn: () => unknown): Promise<string> {
  try {
    await fn();
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message.split("\n")[0]}`;
  }
  return "nothing";
}
