/** Text from files, safe for a terminal: nothing of it moves the cursor, changes colours or sets the title. */

const hex = (char: string): string => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;

/** Every control character as \xNN, line ends and tabs too: for names and other words within a line. */
export const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, hex);

/** Control characters as \xNN; line ends and tabs stay: for texts of several lines. */
export const printableLines = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, hex);
