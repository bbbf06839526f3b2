/** How estimators run: folders, seeds, how often is saved and logged. Source: tensorflow_estimator/python/estimator/run_config.py. */
import { named } from "../../../build/feature_column/arguments.ts";
import { representation } from "../../../build/feature_column/column.ts";
import { RuntimeError, ValueError } from "../../../core/error.ts";
import { env } from "../../../core/host.ts";
import * as logging from "../../../core/text/logging.ts";
import type { SessionConfig } from "../../../session/session.ts";

export interface RunConfigOptions {
  readonly modelDir?: string | null | undefined;
  /** The graph's seed: same seed, same initial values. */
  readonly tfRandomSeed?: number | null | undefined;
  /** 100 by default; 0 or null for none. */
  readonly saveSummarySteps?: number | null | undefined;
  readonly saveCheckpointsSteps?: number | null | undefined;
  /** 600 by default, unless saveCheckpointsSteps is given. */
  readonly saveCheckpointsSecs?: number | null | undefined;
  readonly sessionConfig?: SessionConfig | null | undefined;
  /** The newest ones that stay: 5. */
  readonly keepCheckpointMax?: number | null | undefined;
  /** 10000 by default. */
  readonly keepCheckpointEveryNHours?: number | null | undefined;
  /** 100 by default; null for none. */
  readonly logStepCountSteps?: number | null | undefined;
  readonly trainDistribute?: null | undefined;
  readonly deviceFn?: null | undefined;
  readonly protocol?: string | null | undefined;
  readonly evalDistribute?: null | undefined;
  readonly experimentalDistribute?: null | undefined;
  readonly experimentalMaxWorkerDelaySecs?: number | null | undefined;
  /** 7200 by default. */
  readonly sessionCreationTimeoutSecs?: number | null | undefined;
  readonly checkpointSaveGraphDef?: boolean | undefined;
}

const names = [
  "modelDir",
  "tfRandomSeed",
  "saveSummarySteps",
  "saveCheckpointsSteps",
  "saveCheckpointsSecs",
  "sessionConfig",
  "keepCheckpointMax",
  "keepCheckpointEveryNHours",
  "logStepCountSteps",
  "trainDistribute",
  "deviceFn",
  "protocol",
  "evalDistribute",
  "experimentalDistribute",
  "experimentalMaxWorkerDelaySecs",
  "sessionCreationTimeoutSecs",
  "checkpointSaveGraphDef",
] as const;

type Fields = { readonly [K in (typeof names)[number]]: Exclude<RunConfigOptions[K], undefined> };

const bothIntervals = "`save_checkpoints_steps` and `save_checkpoints_secs` cannot be both set.";
const snakeCase = (name: string): string =>
  name.replace(/EveryNHours/, "_every_n_hours").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The session's options where none are given. */
export const defaultSessionConfig: SessionConfig = { allowSoftPlacement: true };
const defaultSessionText =
  "allow_soft_placement: true\ngraph_options {\n  rewrite_options {\n    meta_optimizer_iterations: ONE\n  }\n}\n";

type Check = readonly [name: keyof Fields, holds: (value: never) => boolean, message: string];

const notNegative = (name: keyof Fields): Check => [name, (n: number) => n >= 0, `${snakeCase(name)} should be >= 0`];
const positive = (name: keyof Fields): Check => [name, (n: number) => n > 0, `${snakeCase(name)} should be > 0`];

const checks: readonly Check[] = [
  ["modelDir", (path: string) => path !== "", "model_dir should be non-empty"],
  notNegative("saveSummarySteps"),
  notNegative("saveCheckpointsSteps"),
  notNegative("saveCheckpointsSecs"),
  ["sessionConfig", (config: unknown) => typeof config === "object", "session_config must be instance of ConfigProto"],
  notNegative("keepCheckpointMax"),
  positive("keepCheckpointEveryNHours"),
  positive("logStepCountSteps"),
  ["tfRandomSeed", (seed: unknown) => Number.isInteger(seed), "tf_random_seed must be integer."],
  [
    "experimentalMaxWorkerDelaySecs",
    (seconds: unknown) => Number.isInteger(seconds),
    "experimental_max_worker_delay_secs must be an integer if set.",
  ],
  positive("sessionCreationTimeoutSecs"),
  ["protocol", (word: string) => word === "grpc" || word === "grpc+verbs", "protocol should be grpc or grpc+verbs"],
];

function validate(fields: Fields): void {
  for (const [name, holds, message] of checks) {
    const value = fields[name];
    if (value !== null && !holds(value as never)) throw new ValueError(message);
  }
}

interface Environment {
  readonly model_dir?: string;
  readonly cluster?: object;
  readonly session_master?: string;
  readonly eval_session_master?: string;
  readonly task?: { readonly type?: string; readonly index?: number };
}

/** What TF_CONFIG says: of one process alone. Throws RuntimeError for a cluster. */
function environment(): Environment {
  const given = JSON.parse(env("TF_CONFIG") || "{}") as Environment;
  if (Object.keys(given).length === 0) return given;
  logging.info("TF_CONFIG environment variable: %s", JSON.stringify(given));
  if (given.cluster && Object.keys(given.cluster).length > 0) {
    throw new RuntimeError("TF_CONFIG names a cluster; estimators run in one process here.");
  }
  const { type = "worker", index = 0 } = given.task ?? {};
  if (type !== "worker") {
    throw new ValueError('If "cluster" is not set in TF_CONFIG, task type must be WORKER.');
  }
  if (index !== 0) throw new ValueError('If "cluster" is not set in TF_CONFIG, task index must be 0.');
  return given;
}

function folderOf(given: string | null, { model_dir: own }: Environment): string | null {
  if (given === "") throw new ValueError("model_dir should be non-empty.");
  if (own === "") throw new ValueError("model_dir in TF_CONFIG should be non-empty.");
  if (own === undefined) return given;
  if (given !== null && own !== given) {
    throw new ValueError(
      `\`model_dir\` provided in RunConfig construct, if set, must have the same value as the model_dir in TF_CONFIG. model_dir: ${given}\nTF_CONFIG["model_dir"]: ${own}.\n`,
    );
  }
  logging.info("Using model_dir in TF_CONFIG: %s", own);
  return own;
}

/** Options of a run; `replace` gives a copy with some of them changed. Throws ValueError for values that make no sense. */
export class RunConfig {
  readonly #fields: Fields;
  readonly #environment: Environment;
  readonly master: string;
  readonly evaluationMaster: string;
  readonly taskType = "worker";
  readonly taskId = 0;
  readonly globalIdInCluster = 0;
  readonly isChief = true;
  readonly numPsReplicas = 0;
  readonly numWorkerReplicas = 1;
  readonly service: string | null = null;

  constructor(modelDirOrOptions?: string | null | RunConfigOptions, options?: RunConfigOptions) {
    const given = named<RunConfigOptions>(
      [modelDirOrOptions ?? undefined, ...(options ? [options] : [])].filter((item) => item !== undefined),
      names,
    );
    const { saveCheckpointsSteps: steps, saveCheckpointsSecs: secs } = given;
    if (typeof steps === "number" && typeof secs === "number") throw new ValueError(bothIntervals);
    this.#environment = environment();
    this.#fields = {
      modelDir: folderOf(given.modelDir ?? null, this.#environment),
      tfRandomSeed: given.tfRandomSeed ?? null,
      saveSummarySteps: given.saveSummarySteps === undefined ? 100 : given.saveSummarySteps,
      saveCheckpointsSteps: steps ?? null,
      saveCheckpointsSecs: steps === undefined && secs === undefined ? 600 : (secs ?? null),
      sessionConfig: given.sessionConfig ?? null,
      keepCheckpointMax: given.keepCheckpointMax === undefined ? 5 : given.keepCheckpointMax,
      keepCheckpointEveryNHours:
        given.keepCheckpointEveryNHours === undefined ? 10_000 : given.keepCheckpointEveryNHours,
      logStepCountSteps: given.logStepCountSteps === undefined ? 100 : given.logStepCountSteps,
      trainDistribute: null,
      deviceFn: null,
      protocol: given.protocol ?? null,
      evalDistribute: null,
      experimentalDistribute: null,
      experimentalMaxWorkerDelaySecs: given.experimentalMaxWorkerDelaySecs ?? null,
      sessionCreationTimeoutSecs:
        given.sessionCreationTimeoutSecs === undefined ? 7200 : given.sessionCreationTimeoutSecs,
      checkpointSaveGraphDef: given.checkpointSaveGraphDef ?? true,
    };
    validate(this.#fields);
    this.master = this.#environment.session_master ?? "";
    this.evaluationMaster = this.#environment.eval_session_master ?? "";
  }

  get modelDir(): string | null {
    return this.#fields.modelDir;
  }

  get tfRandomSeed(): number | null {
    return this.#fields.tfRandomSeed;
  }

  get saveSummarySteps(): number | null {
    return this.#fields.saveSummarySteps;
  }

  get saveCheckpointsSteps(): number | null {
    return this.#fields.saveCheckpointsSteps;
  }

  get saveCheckpointsSecs(): number | null {
    return this.#fields.saveCheckpointsSecs;
  }

  get sessionConfig(): SessionConfig | null {
    return this.#fields.sessionConfig;
  }

  get keepCheckpointMax(): number | null {
    return this.#fields.keepCheckpointMax;
  }

  get keepCheckpointEveryNHours(): number | null {
    return this.#fields.keepCheckpointEveryNHours;
  }

  get logStepCountSteps(): number | null {
    return this.#fields.logStepCountSteps;
  }

  get sessionCreationTimeoutSecs(): number | null {
    return this.#fields.sessionCreationTimeoutSecs;
  }

  get checkpointSaveGraphDef(): boolean {
    return this.#fields.checkpointSaveGraphDef;
  }

  /** A copy with other values. One interval of checkpoints takes the other's place. */
  replace(changes: RunConfigOptions): RunConfig {
    for (const key of Object.keys(changes)) {
      if ((names as readonly string[]).includes(key)) continue;
      throw new ValueError(
        `Replacing ${snakeCase(key)} is not supported. Allowed properties are [${names.map((name) => `'${snakeCase(name)}'`).join(", ")}].`,
      );
    }
    const { saveCheckpointsSteps: steps, saveCheckpointsSecs: secs } = changes;
    if (typeof steps === "number" && typeof secs === "number") throw new ValueError(bothIntervals);
    const interval =
      typeof steps === "number"
        ? { saveCheckpointsSteps: steps, saveCheckpointsSecs: null }
        : typeof secs === "number"
          ? { saveCheckpointsSteps: null, saveCheckpointsSecs: secs }
          : {
              saveCheckpointsSteps: steps === undefined ? this.saveCheckpointsSteps : steps,
              saveCheckpointsSecs: secs === undefined ? this.saveCheckpointsSecs : secs,
            };
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    return new RunConfig({ ...this.#fields, ...given, ...interval });
  }

  /** All of it as Python prints the object's fields. */
  toString(): string {
    const shown = (key: (typeof names)[number]): string => {
      const value = this.#fields[key];
      if (key !== "sessionConfig" || value === null) return representation(value);
      return value === defaultSessionConfig ? defaultSessionText : JSON.stringify(value);
    };
    const own = names.map((key) => `'_${snakeCase(key)}': ${shown(key)}`);
    const others = [
      "'_service': None",
      "'_cluster_spec': ClusterSpec({})",
      "'_task_type': 'worker'",
      "'_task_id': 0",
      "'_global_id_in_cluster': 0",
      `'_master': ${representation(this.master)}`,
      `'_evaluation_master': ${representation(this.evaluationMaster)}`,
      "'_is_chief': True",
      "'_num_ps_replicas': 0",
      "'_num_worker_replicas': 1",
    ];
    return `{${[...own, ...others].join(", ")}}`;
  }
}
