/**
 * The queue runners of a training run, worked so that the same run happens again: at a step boundary every lane (an enqueue operation)
 * goes on until its queue is full, its input is empty, or it has ended; one lane at a time, in the order of the graph.
 *
 *     step n ─► lanes until all wait ─► [save] ─► step n + 1 ─► …
 *
 * A lane that waits has its elements in the line of its queue, where a checkpoint finds them. Without `deterministic`, lanes run as
 * often as the runner says, beside the steps, and only a save makes them wait.
 */
import { GraphKeys } from "../../../build/collections.ts";
import type { Graph } from "../../../graph/graph.ts";
import type { Operation } from "../../../graph/operation.ts";
import { Queue } from "../../../ops/host/queue/queue.ts";
import type { Session } from "../../../session/session.ts";
import type { QueueRunner } from "../../queue/queue_runner.ts";
import { giveWay } from "../../queue/thread.ts";

/** A queue without a capacity is filled no further than this at a boundary. */
const endlessElements = 1000;

interface Lane {
  readonly name: string;
  readonly runner: QueueRunner;
  readonly run: () => unknown;
  state: "idle" | "running" | "ended";
  /** Counts starts: lanes of one queue wait in the order in which they began. */
  began: number;
}

export class InputLanes {
  readonly #sess: Session;
  readonly #isOrdered: boolean;
  readonly #lanes: Lane[] = [];
  readonly #queues = new Set<Queue>();
  readonly #queueOf = new Map<QueueRunner, Queue>();
  #running = 0;
  #starts = 0;
  #isPaused = true;
  #failure: { readonly error: unknown } | null = null;
  #wake: (() => void) | null = null;
  readonly #wakeUp = (): void => {
    this.#wake?.();
    this.#wake = null;
  };

  /** Before anything runs in the session: queues are seen as they are made. */
  constructor(sess: Session, graph: Graph, { deterministic }: { deterministic: boolean }) {
    this.#sess = sess;
    this.#isOrdered = deterministic;
    sess.state.onResource = (object) => {
      if (!(object instanceof Queue)) return;
      this.#queues.add(object);
      object.watch(this.#wakeUp);
    };
    for (const runner of graph.getCollection<QueueRunner>(GraphKeys.QUEUE_RUNNERS)) {
      const ops = deterministic ? [...new Set(runner.enqueueOps)] : runner.enqueueOps;
      for (const [i, op] of ops.entries())
        this.#lanes.push({
          name: `${runner.name}/${i}`,
          runner,
          run: () => sess.run(op),
          state: "idle",
          began: 0,
        });
    }
  }

  get isEmpty(): boolean {
    return this.#lanes.length === 0;
  }

  /** Makes the queues; with the facts of an earlier run, lanes whose elements wait in them count as begun. */
  async start(order: readonly string[] = []): Promise<void> {
    if (this.isEmpty) return;
    for (const runner of new Set(this.#lanes.map((lane) => lane.runner))) {
      await this.#sess.run(this.#sess.graph.asGraphElement(runner.name) as Operation);
      const queue = [...this.#queues].find(({ name }) => name.replace(/^_\d+_/, "") === runner.name);
      if (queue) this.#queueOf.set(runner, queue);
    }
    for (const [runner, queue] of this.#queueOf) {
      const lanes = order.flatMap(
        (name) => this.#lanes.find((lane) => lane.runner === runner && lane.name === name) ?? [],
      );
      for (const [i, waits] of queue.restoredEnqueues().entries()) {
        const lane = lanes[i];
        if (lane) this.#follow(lane, waits);
      }
    }
    this.#isPaused = this.#isOrdered;
    if (!this.#isPaused) this.#startIdle();
  }

  /** Lanes that wait, in the order in which they began. */
  get order(): string[] {
    const waiting = this.#lanes.filter((lane) => lane.state === "running");
    return waiting.sort((a, b) => a.began - b.began).map((lane) => lane.name);
  }

  /** Those that run and do not wait at a queue. */
  get #active(): number {
    let waiting = 0;
    for (const queue of this.#queues) {
      const { enqueues, dequeues } = queue.waiting;
      waiting += enqueues + dequeues;
    }
    return this.#running - waiting;
  }

  #begin(lane: Lane): void {
    let result: unknown;
    try {
      result = lane.run();
    } catch (error) {
      result = Promise.reject(error);
    }
    this.#follow(lane, result as Promise<unknown>);
  }

  #follow(lane: Lane, work: Promise<unknown>): void {
    lane.state = "running";
    lane.began = ++this.#starts;
    this.#running++;
    work.then(
      () => {
        this.#running--;
        lane.state = "idle";
        if (!this.#isPaused && this.#mayBegin(lane)) void this.#beginSoon(lane);
        this.#wakeUp();
      },
      (error) => {
        this.#running--;
        lane.state = "ended";
        this.#end(lane, error);
        this.#wakeUp();
      },
    );
  }

  async #beginSoon(lane: Lane): Promise<void> {
    const turn = giveWay();
    if (turn) await turn;
    if (!this.#isPaused && lane.state === "idle") this.#begin(lane);
  }

  #end(lane: Lane, error: unknown): void {
    if (this.#sess.closed) return;
    const { runner } = lane;
    if (!runner.queueClosedExceptionTypes.some((type) => error instanceof type)) {
      this.#failure ??= { error };
      return;
    }
    if (this.#lanes.some((other) => other.runner === runner && other.state !== "ended")) return;
    this.#sess.run(runner.closeOp).catch(() => {}); // It is closed already, or the session is.
  }

  #mayBegin(lane: Lane): boolean {
    if (lane.state !== "idle") return false;
    const queue = this.#queueOf.get(lane.runner);
    return !queue || Number.isFinite(queue.capacity) || queue.size < endlessElements;
  }

  #startIdle(): void {
    for (const lane of this.#lanes) if (this.#mayBegin(lane)) this.#begin(lane);
  }

  /** Until everybody waits, has ended, or is idle; or `isOver`. */
  async #settled(isOver: () => boolean = () => false): Promise<void> {
    while (!isOver() && this.#active > 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure) throw this.#failure.error;
  }

  /** Lets the lanes go on until all of them wait or have ended. Throws what one of them throws. `isStopped` ends it early. */
  async fill(isStopped: () => boolean): Promise<void> {
    for (;;) {
      await this.#settled();
      if (!this.#isOrdered || isStopped()) return;
      const lane = this.#lanes.find((each) => this.#mayBegin(each));
      if (!lane) return;
      this.#begin(lane);
      const turn = giveWay();
      if (turn) await turn;
    }
  }

  /** Runs a step. While it waits for elements, one lane after another goes on. */
  async step<T>(run: () => Promise<T>): Promise<T> {
    let isOver = false;
    this.#running++;
    const result = run().finally(() => {
      isOver = true;
      this.#running--;
      this.#wakeUp();
    });
    result.catch(() => {}); // told below, or after the error of a lane
    for (;;) {
      await this.#settled(() => isOver);
      if (isOver) return result;
      const lane = this.#isOrdered ? this.#lanes.find((each) => this.#mayBegin(each)) : undefined;
      if (lane) this.#begin(lane);
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  /** Everybody waits or is idle when it resolves, until `goOn`. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    await this.#settled();
  }

  goOn(): void {
    if (this.#isOrdered || this.isEmpty) return;
    this.#isPaused = false;
    this.#startIdle();
  }

  /** How full the queues of the runners are together; null without any. */
  get fullness(): { readonly size: number; readonly capacity: number } | null {
    let [size, capacity] = [0, 0];
    for (const queue of new Set(this.#queueOf.values())) {
      size += queue.size;
      capacity += Number.isFinite(queue.capacity) ? queue.capacity : queue.size;
    }
    return this.isEmpty ? null : { size, capacity };
  }

  /** What those who wait are waiting for, for the one who asks why nothing happens. */
  describe(): string[] {
    return this.#lanes.map((lane) => {
      const queue = this.#queueOf.get(lane.runner);
      const size = queue ? `, ${queue.size} of ${queue.capacity} elements in its queue` : "";
      return `queue runner ${lane.name}: ${lane.state}${size}`;
    });
  }
}
