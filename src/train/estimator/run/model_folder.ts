/** Where an estimator keeps its model. Source: tensorflow_estimator/python/estimator/estimator.py. */
import { ValueError } from "../../../core/error.ts";
import * as logging from "../../../core/text/logging.ts";
import { latestCheckpoint } from "../../../io/checkpoint/state.ts";
import { temporaryFolder } from "../../../io/paths.ts";
import { defaultSessionConfig, RunConfig } from "./run_config.ts";

/** The config with a folder and the session's options. Throws ValueError for another kind of config, and where two folders are named. */
export function effectiveConfig(given: RunConfig | null, modelDir: string | null): RunConfig {
  if (given === null) logging.info("Using default config.");
  let config = given ?? new RunConfig();
  if (!(config instanceof RunConfig)) {
    throw new ValueError(`config must be an instance of \`RunConfig\`, but provided ${String(config)}.`);
  }
  if (config.sessionConfig === null) config = config.replace({ sessionConfig: defaultSessionConfig });
  if (modelDir !== null && config.modelDir !== null && config.modelDir !== modelDir) {
    throw new ValueError(
      `\`model_dir\` are set both in constructor and \`RunConfig\`, but with different values. In constructor: '${modelDir}', in \`RunConfig\`: '${config.modelDir}' `,
    );
  }
  if (modelDir) return config.replace({ modelDir });
  if (config.modelDir !== null) return config;
  const temporary = temporaryFolder();
  logging.warn("Using temporary folder as model directory: %s", temporary);
  return config.replace({ modelDir: temporary });
}

/** The checkpoint that is given, or the newest one; null, with a line that says so, where there is none. */
export function checkpointFor(purpose: string, modelDir: string, given: string | null | undefined): string | null {
  const path = given || latestCheckpoint(modelDir);
  if (!path) {
    const text = "Could not find trained model in model_dir: %s, running initialization to %s.";
    logging.info(text, modelDir, purpose);
  }
  return path;
}
