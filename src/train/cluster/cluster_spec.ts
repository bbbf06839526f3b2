/** `tf.train.ClusterSpec`: the tasks of a cluster by jobs, with their addresses. Source: tensorflow/python/training/server_lib.py. */
import { TypeError, ValueError } from "../../core/error.ts";
import { printValue, pythonString } from "../../core/print.ts";
import { inspectKey } from "../../core/text/inspect.ts";
import { ClusterDef } from "../../proto/classes.ts";
import { mapEntries, type pb } from "../../proto/messages.ts";

/** Addresses of a job's tasks: in order, or by the tasks' numbers where some are missing. */
export type Tasks = readonly string[] | Readonly<Record<number, string>>;
export type Cluster = Readonly<Record<string, Tasks>> | ClusterDef | ClusterSpec;

const isMessage = (cluster: object): cluster is ClusterDef => cluster instanceof (ClusterDef as unknown as () => void);

/** The addresses of the tasks of jobs. */
export class ClusterSpec {
  readonly #jobs = new Map<string, ReadonlyMap<number, string>>();

  /** Throws TypeError for what is neither addresses by jobs nor a ClusterDef. */
  constructor(cluster: Cluster) {
    if (cluster === null || typeof cluster !== "object" || Array.isArray(cluster)) {
      throw new TypeError(
        "`cluster` must be a dictionary mapping one or more job names to lists of network addresses, or a `ClusterDef` protocol buffer",
      );
    }
    if (cluster instanceof ClusterSpec) this.#takeMessage(cluster.asClusterDef());
    else if (isMessage(cluster)) this.#takeMessage(cluster);
    else for (const [job, tasks] of Object.entries(cluster)) this.#jobs.set(job, checkedTasks(job, tasks));
  }

  #takeMessage(cluster: ClusterDef): void {
    for (const { name, tasks } of (cluster as unknown as pb.ClusterDef.$Properties).job ?? []) {
      const entries = mapEntries(tasks as pb.JobDef.$Properties["tasks"]);
      this.#jobs.set(name ?? "", new Map(entries.map(([task, address]) => [Number(task), address])));
    }
  }

  /** Names of jobs, in the order given. */
  get jobs(): string[] {
    return [...this.#jobs.keys()];
  }

  #tasksOf(jobName: string): ReadonlyMap<number, string> {
    const tasks = this.#jobs.get(jobName);
    if (!tasks) throw new ValueError(`No such job in cluster: ${pythonString(jobName)}`);
    return tasks;
  }

  /** Throws ValueError for an unknown job, as the methods below do. */
  numTasks(jobName: string): number {
    return this.#tasksOf(jobName).size;
  }

  taskIndices(jobName: string): number[] {
    return [...this.#tasksOf(jobName).keys()].sort((a, b) => a - b);
  }

  /** Throws ValueError for an unknown task too. */
  taskAddress(jobName: string, taskIndex: number): string {
    const address = this.#tasksOf(jobName).get(taskIndex);
    if (address === undefined) throw new ValueError(`No task with index ${taskIndex} in job ${pythonString(jobName)}`);
    return address;
  }

  /** Addresses in the order of tasks, null for a number that no task has. */
  jobTasks(jobName: string): (string | null)[] {
    const tasks = this.#tasksOf(jobName);
    return Array.from({ length: Math.max(...tasks.keys()) + 1 }, (_, task) => tasks.get(task) ?? null);
  }

  /** Lists of addresses by jobs; addresses by numbers where some are missing. */
  asDict(): Record<string, string[] | Record<number, string>> {
    return Object.fromEntries(
      this.jobs.map((job): [string, string[] | Record<number, string>] => {
        const tasks = this.#tasksOf(job);
        const isDense = tasks.size > 0 && Math.max(...tasks.keys()) + 1 === tasks.size;
        return [job, isDense ? (this.jobTasks(job) as string[]) : Object.fromEntries(tasks)];
      }),
    );
  }

  /** Jobs sorted by name. */
  asClusterDef(): ClusterDef {
    const job = [...this.#jobs]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, tasks]) => ({ name, tasks: Object.fromEntries(tasks) }));
    return new ClusterDef({ job } as pb.ClusterDef.$Properties);
  }

  equals(other: unknown): boolean {
    return other instanceof ClusterSpec && sorted(this).join() === sorted(other).join();
  }

  /** Python's repr(). */
  toString(): string {
    return `ClusterSpec({${sorted(this).join(", ")}})`;
  }

  [inspectKey](): string {
    return this.toString();
  }
}

function sorted(cluster: ClusterSpec): string[] {
  const shown = ([job, tasks]: [string, Tasks]): string => {
    if (Array.isArray(tasks)) return `${pythonString(job)}: ${printValue(tasks)}`;
    const items = Object.entries(tasks).map(([task, address]) => `${task}: ${pythonString(address)}`);
    return `${pythonString(job)}: {${items.join(", ")}}`;
  };
  return Object.entries(cluster.asDict())
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(shown);
}

function checkedTasks(job: string, tasks: Tasks): ReadonlyMap<number, string> {
  if (tasks === null || typeof tasks !== "object")
    throw new TypeError(
      `The tasks for job ${pythonString(job)} must be a list or a dictionary from integers to strings.`,
    );
  const entries = Object.entries(tasks).map(([task, address]): [number, string] => [Number(task), address]);
  for (const [, address] of entries) {
    if (typeof address !== "string")
      throw new TypeError(`Task address ${printValue(address)} must be bytes or unicode`);
  }
  return new Map(entries);
}
