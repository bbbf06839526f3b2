/**
 * What a worker thread runs, as the text of a CommonJS script: no file has to be found beside a bundle. It instantiates the units it is told of and takes
 * pieces; when a job needs a function that it has not, it looks into its port. It never returns, and ends with the process.
 */
export const workerSource = `"use strict";
const { workerData, receiveMessageOnPort } = require("node:worker_threads");
const { memory, control, module, threads, worker, port, units, readyOffset, doneOffset, takenOffset, origin } = workerData;
const table = new WebAssembly.Table({ element: "anyfunc", initial: 64 });
const functions = {};
let known = 0;

const nothing = () => {};
const sooner = performance.timeOrigin - origin;
/** Milliseconds since the main thread's clock began. */
const now = () => sooner + performance.now();
/** Borrowed functions and the host's are never called from a piece. */
const anything = new Proxy({}, { get: () => nothing });

function add({ name, module, uses, pieces, first }) {
  const numbers = Object.fromEntries(pieces.map((piece, k) => [piece, first + k]));
  const kernel = Object.fromEntries(uses.map((used) => [used, functions[used]]));
  const imports = { env: { memory }, kernel, math: anything, pool: { share: nothing, ...numbers }, host: anything };
  const { exports } = new WebAssembly.Instance(module, imports);
  functions[name] = exports[name];
  while (first + pieces.length > table.length) table.grow(table.length);
  pieces.forEach((piece, k) => table.set(first + k, exports[piece]));
  known = first + pieces.length;
}

for (const unit of units) add(unit);
const pool = new WebAssembly.Instance(module, { env: { memory, table, control, threads }, host: { ask: nothing, now } });
const words = new Int32Array(memory.buffer);
Atomics.add(words, (control + readyOffset) >> 2, 1);
for (let last = 0; ; ) {
  try {
    last = pool.exports.work(worker, known, last);
  } catch (error) {
    Atomics.add(words, (control + doneOffset) >> 2, words[(control + takenOffset) >> 2]);
    throw error;
  }
  for (let message; (message = receiveMessageOnPort(port)); ) add(message.message);
}
`;
