/** tf.logging. Written by scripts/api.mjs. */
export {
  DEBUG,
  debug,
  ERROR,
  error,
  FATAL,
  fatal,
  getVerbosity,
  INFO,
  info,
  log,
  logFirstN,
  setVerbosity,
  WARN,
  warn,
  warning,
} from "../train/logging.ts";
