/** Sizes and small pieces of code that the blocked products (matmul, convolution and its gradients) have in common. */
import type { FunctionBuilder, Local } from "../../assembler.ts";
import { add, load, lt, mul, ne, select } from "../../instructions.ts";
import { asExpr, type Expr, type Operand } from "../../lanes.ts";
import { tileRows } from "./tile.ts";

/** Rows of a in one block. */
export const blockRows = 64;

/** Memory of one thread: a tile, then packed rows of a. */
export const tileBytes = 256;
const mostPacked = 512 * 1024;

/** Memory of one thread for so many rows and steps of k. */
export const areaBytesFor = (rows: number, steps: number, sizeBytes: number): number =>
  tileBytes + Math.ceil((Math.ceil(rows / tileRows) * tileRows * steps * sizeBytes) / 64) * 64;

/** Steps of k that fit the packed rows of a block. */
export const stepsFor = (rows: number, sizeBytes: number): number => Math.floor(mostPacked / rows / sizeBytes);

/** Place of a worker's memory among those of all, which lie one after the other. */
export const ofWorker = (f: FunctionBuilder, start: Expr, worker: Expr, sizeBytes: Operand): Local =>
  f.let(add(start, mul(worker, sizeBytes)));

/** The smaller of two signed numbers, in a local. */
export function min(f: FunctionBuilder, x: Operand, y: Operand): Local {
  const [a, b] = [f.let(asExpr("i32", x)), f.let(asExpr("i32", y))];
  return f.let(select(lt(a, b), a, b));
}

/** Sizes and addresses of a kernel's job, which lie in memory so that every thread sees them. */
export interface Job<Field extends string> {
  readonly sizeBytes: number;
  get(f: FunctionBuilder, job: Expr, field: Field): Local;
  /** Writes what is not there already: the line of the cache then stays with all threads. */
  put(f: FunctionBuilder, job: Expr, field: Field, value: Operand): void;
}

export function jobOf<Field extends string>(fields: readonly Field[]): Job<Field> {
  const at = (field: Field) => 4 * fields.indexOf(field);
  return {
    sizeBytes: 4 * fields.length,
    get: (f, job, field) => f.let(load("i32", job, at(field))),
    put(f, job, field, value) {
      const wanted = f.let(asExpr("i32", value));
      f.if(ne(load("i32", job, at(field)), wanted), () => f.store("i32", job, wanted, at(field)));
    },
  };
}
