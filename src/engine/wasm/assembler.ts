/**
 * Builds a WebAssembly module from functions written as statements over expression trees (instructions.ts).
 *
 *     const m = new ModuleBuilder();
 *     m.importMemory("env", "memory", { shared: true, maximumPages: 65536 });
 *     m.function("scale", ["i32", "i32", "f32"], null, (f, x, end, factor) => {
 *       f.while(ltU(x, end), () => {
 *         f.store("f32", x, mul(load("f32", x), factor));
 *         f.set(x, add(x, 4));
 *       });
 *     }, { export: true });
 *     new WebAssembly.Module(m.bytes())
 *
 * Source: WebAssembly core specification 2.0, section 5 (binary format), and the threads proposal.
 */
import { add, eqz, lt, ltU, type Stored, store } from "./instructions.ts";
import { asExpr, type Expr, type Lanes, type Operand, unsigned, valueType } from "./lanes.ts";

export interface Local extends Expr {
  readonly type: Lanes;
  readonly index: number;
}

/** A function that can be called: one of the module's own, or an import. */
export interface Callee {
  readonly index: number;
  readonly name: string;
  readonly params: readonly Lanes[];
  readonly result: Lanes | null;
}

/** A place that `br` goes to: the end of a block, or the start of a loop. */
export interface Label {
  readonly depth: number;
}

const bug = (message: string): Error => new Error(`bug: ${message}`);

export interface ForRange {
  readonly from: Operand;
  /** Excluded. */
  readonly to: Operand;
  readonly step?: Operand;
}

/** The body of one function. Loops test at the bottom, so a turn costs one branch. */
export class FunctionBuilder {
  readonly code: number[] = [];
  readonly locals: Lanes[] = [];
  readonly params: readonly Local[];
  private readonly result: Lanes | null;
  private depth = 0;

  constructor(params: readonly Lanes[], result: Lanes | null = null) {
    this.result = result;
    this.params = params.map((type, index) => this.localAt(type, index));
  }

  /** Code that runs once at the start of the function. */
  readonly prologue: number[] = [];
  private readonly pool = new Map<Expr, Local>();
  private readonly open: Local[] = [];
  private readonly free = new Map<number, number[]>();

  private emit(x: Expr): void {
    const { args, code } = x;
    for (let i = 0; i < args.length; i++) this.emit(args[i]!);
    const from = code[0] === 0xfd && code[1] === 12 ? this.pooled(x).code : code;
    for (let i = 0; i < from.length; i++) this.code.push(from[i]!);
  }

  /** A vector constant lies in a local from the start: V8 would build it anew at each turn of a loop. */
  private pooled(x: Expr): Local {
    let local = this.pool.get(x);
    if (!local) {
      local = this.localAt(x.type as Lanes, this.params.length + this.locals.length);
      this.locals.push(local.type);
      this.pool.set(x, local);
      this.prologue.push(...x.code, 0x21, ...unsigned(local.index));
    }
    return local;
  }

  private localAt(type: Lanes, index: number): Local {
    return { type, index, code: [0x20, ...unsigned(index)], args: [] };
  }

  /** A local of a type, set here or later; without a value it may hold anything. */
  local(type: Lanes, value?: Operand): Local {
    const free = this.free.get(valueType(type))?.pop();
    const index = free ?? this.params.length + this.locals.length;
    if (free === undefined) this.locals.push(type);
    const local = this.localAt(type, index);
    this.open.push(local);
    if (value !== undefined) this.set(local, value);
    return local;
  }

  /** Locals made in here serve others afterwards. */
  scope(body: () => void): void {
    const mark = this.open.length;
    body();
    for (const local of this.open.splice(mark)) {
      const kind = valueType(local.type);
      const list = this.free.get(kind);
      if (list) list.push(local.index);
      else this.free.set(kind, [local.index]);
    }
  }

  /** The value of an expression in a new local, to be used several times. */
  let(value: Expr): Local {
    if (value.type === "void") throw bug("a local without a value");
    return this.local(value.type, value);
  }

  set(local: Local, value: Operand): void {
    const x = asExpr(local.type, value);
    if (x.type !== local.type) throw bug(`a local of type ${local.type} set to ${x.type}`);
    this.emit(x);
    this.code.push(0x21, ...unsigned(local.index));
  }

  /** An instruction for its effect; a result is dropped. */
  do(x: Expr): void {
    this.emit(x);
    if (x.type !== "void") this.code.push(0x1a);
  }

  store(type: Stored, address: Operand, value: Operand, offset = 0): void {
    this.do(store(type, address, value, offset));
  }

  call(callee: Callee, ...args: Operand[]): void {
    this.do(call(callee, ...args));
  }

  if(condition: Expr, then: () => void, otherwise?: () => void): void {
    this.emit(condition);
    this.code.push(0x04, 0x40);
    this.depth++;
    then();
    if (otherwise) {
      this.code.push(0x05);
      otherwise();
    }
    this.end();
  }

  /** `leave` goes behind the block. */
  block(body: (leave: Label) => void): void {
    this.code.push(0x02, 0x40);
    body({ depth: ++this.depth });
    this.end();
  }

  /** `again` goes back to the start; without it the loop ends. */
  loop(body: (again: Label) => void): void {
    this.code.push(0x03, 0x40);
    body({ depth: ++this.depth });
    this.end();
  }

  private end(): void {
    this.depth--;
    this.code.push(0x0b);
  }

  br(label: Label): void {
    this.code.push(0x0c, ...unsigned(this.depth - label.depth));
  }

  brIf(label: Label, condition: Expr): void {
    this.emit(condition);
    this.code.push(0x0d, ...unsigned(this.depth - label.depth));
  }

  while(condition: Expr, body: () => void): void {
    this.if(condition, () => this.doWhile(condition, body));
  }

  /** At least one turn. */
  doWhile(condition: Expr, body: () => void): void {
    this.loop((again) => {
      body();
      this.brIf(again, condition);
    });
  }

  /** Signed i32 counter. The bound must not change inside. */
  for(i: Local, { from, to, step = 1 }: ForRange, body: () => void): void {
    this.set(i, from);
    const run = () =>
      this.doWhile(lt(i, to), () => {
        body();
        this.set(i, add(i, step));
      });
    if (typeof from === "number" && typeof to === "number") {
      if (from < to) run();
    } else this.if(lt(i, to), run);
  }

  /** Unsigned addresses from `p` up to `end` in steps of bytes. */
  forAddress(p: Local, { from, to, step = 1 }: ForRange, body: () => void): void {
    this.set(p, from);
    this.if(ltU(p, to), () =>
      this.doWhile(ltU(p, to), () => {
        body();
        this.set(p, add(p, step));
      }),
    );
  }

  unless(condition: Expr, then: () => void): void {
    this.if(eqz(condition), then);
  }

  return(value?: Operand): void {
    if (value !== undefined) this.emit(asExpr(this.result!, value));
    this.code.push(0x0f);
  }
}

export function call(callee: Callee, ...args: Operand[]): Expr {
  if (args.length !== callee.params.length) throw bug(`${callee.name} takes ${callee.params.length} arguments`);
  const typed = args.map((arg, i) => asExpr(callee.params[i]!, arg));
  typed.forEach((arg, i) => {
    if (arg.type !== callee.params[i]) throw bug(`argument ${i} of ${callee.name} is ${arg.type}`);
  });
  return { type: callee.result ?? "void", code: [0x10, ...unsigned(callee.index)], args: typed };
}

/** Calls entry `index` of the module's table; the entry must have the callee's parameters and result. */
export function callIndirect(
  signature: { readonly typeIndex: number; readonly result: Lanes | null },
  index: Expr,
  args: Expr[],
): Expr {
  return {
    type: signature.result ?? "void",
    code: [0x11, ...unsigned(signature.typeIndex), 0],
    args: [...args, index],
  };
}

interface FunctionBody {
  readonly typeIndex: number;
  readonly builder: FunctionBuilder;
}

const section = (id: number, content: readonly number[]): number[] =>
  content.length === 0 ? [] : [id, ...unsigned(content.length), ...content];
const encoder = new TextEncoder();
const text = (s: string): number[] => {
  const bytes = encoder.encode(s);
  return [...unsigned(bytes.length), ...bytes];
};
const vector = (items: readonly (readonly number[])[]): number[] =>
  items.length === 0 ? [] : [...unsigned(items.length), ...items.flat()];

export interface MemoryImport {
  readonly maximumPages: number;
  readonly shared: boolean;
}

export class ModuleBuilder {
  private readonly types: number[][] = [];
  private readonly typeIndices = new Map<string, number>();
  private readonly imports: number[][] = [];
  private readonly exports: number[][] = [];
  private readonly bodies: FunctionBody[] = [];
  private readonly names: string[] = [];
  private importedFunctions = 0;
  private importedGlobals = 0;

  private typeOf(params: readonly Lanes[], result: Lanes | null): number {
    const bytes = [0x60, ...unsigned(params.length), ...params.map(valueType)];
    bytes.push(...(result ? [1, valueType(result)] : [0]));
    const key = bytes.join();
    const known = this.typeIndices.get(key);
    if (known !== undefined) return known;
    this.typeIndices.set(key, this.types.length);
    return this.types.push(bytes) - 1;
  }

  /** A type for `callIndirect`. */
  signature(params: readonly Lanes[], result: Lanes | null): { typeIndex: number; result: Lanes | null } {
    return { typeIndex: this.typeOf(params, result), result };
  }

  importMemory(module: string, name: string, { maximumPages, shared }: MemoryImport): void {
    this.imports.push([...text(module), ...text(name), 0x02, shared ? 0x03 : 0x01, 0, ...unsigned(maximumPages)]);
  }

  importTable(module: string, name: string): void {
    this.imports.push([...text(module), ...text(name), 0x01, 0x70, 0x00, 0]);
  }

  /** A constant i32 that is known when the module is instantiated. */
  importGlobal(module: string, name: string): Expr {
    this.imports.push([...text(module), ...text(name), 0x03, 0x7f, 0x00]);
    return { type: "i32", code: [0x23, ...unsigned(this.importedGlobals++)], args: [] };
  }

  /** Imports come before the module's own functions. */
  importFunction(module: string, name: string, params: readonly Lanes[], result: Lanes | null): Callee {
    if (this.bodies.length) throw bug("an import after a function");
    this.imports.push([...text(module), ...text(name), 0x00, ...unsigned(this.typeOf(params, result))]);
    this.names.push(name);
    return { index: this.importedFunctions++, name, params, result };
  }

  /** A function; `body` gets its builder and its parameters. A result leaves by `f.return` on every path. */
  function(
    name: string,
    params: readonly Lanes[],
    result: Lanes | null,
    body: (f: FunctionBuilder, ...params: Local[]) => void,
    options: { export?: boolean } = {},
  ): Callee {
    const index = this.importedFunctions + this.bodies.length;
    const builder = new FunctionBuilder(params, result);
    this.bodies.push({ typeIndex: this.typeOf(params, result), builder });
    this.names.push(name);
    body(builder, ...builder.params);
    builder.code.push(...(result ? [0x00, 0x0b] : [0x0b]));
    if (options.export) this.exports.push([...text(name), 0x00, ...unsigned(index)]);
    return { index, name, params, result };
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const chunks: number[][] = [];
    let size = 0;
    for (const { builder } of this.bodies) {
      const runs: number[][] = [];
      for (const type of builder.locals) {
        const last = runs.at(-1);
        if (last && last[1] === valueType(type)) last[0]!++;
        else runs.push([1, valueType(type)]);
      }
      const locals = [
        ...unsigned(runs.length),
        ...runs.flatMap(([n, type]) => [...unsigned(n!), type!]),
        ...builder.prologue,
      ];
      const head = [...unsigned(locals.length + builder.code.length), ...locals];
      chunks.push(head, builder.code);
      size += head.length + builder.code.length;
    }
    const count = unsigned(this.bodies.length);
    const before = [
      ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(1, vector(this.types)),
      ...section(2, vector(this.imports)),
      ...section(3, vector(this.bodies.map((body) => unsigned(body.typeIndex)))),
      ...section(7, vector(this.exports)),
      ...[10, ...unsigned(count.length + size), ...count],
    ];
    const functionNames = vector(this.names.map((name, i) => [...unsigned(i), ...text(name)]));
    const after = section(0, [...text("name"), 1, ...unsigned(functionNames.length), ...functionNames]);
    const out = new Uint8Array(before.length + size + after.length);
    out.set(before);
    let at = before.length;
    for (const chunk of chunks) {
      out.set(chunk, at);
      at += chunk.length;
    }
    out.set(after, at);
    return out;
  }
}
