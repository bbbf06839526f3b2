/** Where Keras' messages go: to the terminal, or to the log. Source: tf_keras/src/utils/io_utils.py. */
import { writeStdout } from "../../core/host.ts";
import { info } from "../../core/text/logging.ts";

const interactive = { isOn: true };

/** Messages of fit, evaluate and summary are printed: as it is at first. */
export function enableInteractiveLogging(): void {
  interactive.isOn = true;
}

/** Messages go to tf.logging at the level INFO. */
export function disableInteractiveLogging(): void {
  interactive.isOn = false;
}

export const isInteractiveLoggingEnabled = (): boolean => interactive.isOn;

/** Prints a text as it is, or logs it without the marks that move the cursor. */
export function printMessage(text: string): void {
  if (interactive.isOn) {
    writeStdout(text);
    return;
  }
  const line = text.replace(/[\u0008\r]/g, "").trim();
  if (line !== "") info("%s", line);
}
