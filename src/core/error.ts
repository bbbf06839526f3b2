/** TensorFlow's status codes as error classes, and Python's own exceptions that TensorFlow raises. */

export type Code =
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS"
  | "UNAUTHENTICATED";

/** The op that failed, as far as an error needs to know it. */
export interface FailedOp {
  readonly name: string;
  readonly type: string;
}

/** Facts beside the message: where in which file, which op, what helps next. */
export interface ErrorFacts {
  readonly path?: string;
  readonly offset?: number;
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The codes in the order of their numbers, from 0. Source: error_codes.proto. */
const codes: readonly (Code | "OK")[] = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

/** An error with TensorFlow's code; `.message` is TensorFlow's text. `op` and `madeAt` are added by the graph and the session. */
export class OpError extends Error {
  readonly code: Code;
  readonly path: string | undefined;
  readonly offset: number | undefined;
  readonly hint: string | undefined;
  op: FailedOp | undefined;
  /** The user's line that made the op, `file:line`. */
  madeAt: string | undefined;

  constructor(code: Code, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.path = facts.path;
    this.offset = facts.offset;
    this.hint = facts.hint;
    this.name = new.target.name;
  }

  /** The code as TensorFlow's number: 3 for INVALID_ARGUMENT. */
  get errorCode(): number {
    return codes.indexOf(this.code);
  }
}

/** `new OutOfRangeError(message)`, or with Python's arguments, of which a program gives null for the first two. */
const opErrorClass = (code: Code) =>
  class extends OpError {
    constructor(message: string, facts?: ErrorFacts);
    constructor(nodeDef: object | null, op: object | null, message: string);
    constructor(...given: readonly [string, ErrorFacts?] | readonly [object | null, object | null, string]) {
      const [first, second, third] = given;
      if (typeof first === "string") super(code, first, second as ErrorFacts | undefined);
      else super(code, third ?? "");
    }
  };

export class CancelledError extends opErrorClass("CANCELLED") {}
export class UnknownError extends opErrorClass("UNKNOWN") {}
export class InvalidArgumentError extends opErrorClass("INVALID_ARGUMENT") {}
export class DeadlineExceededError extends opErrorClass("DEADLINE_EXCEEDED") {}
export class NotFoundError extends opErrorClass("NOT_FOUND") {}
export class AlreadyExistsError extends opErrorClass("ALREADY_EXISTS") {}
export class PermissionDeniedError extends opErrorClass("PERMISSION_DENIED") {}
export class ResourceExhaustedError extends opErrorClass("RESOURCE_EXHAUSTED") {}
export class FailedPreconditionError extends opErrorClass("FAILED_PRECONDITION") {}
export class AbortedError extends opErrorClass("ABORTED") {}
export class OutOfRangeError extends opErrorClass("OUT_OF_RANGE") {}
export class UnimplementedError extends opErrorClass("UNIMPLEMENTED") {}
export class InternalError extends opErrorClass("INTERNAL") {}
export class UnavailableError extends opErrorClass("UNAVAILABLE") {}
export class DataLossError extends opErrorClass("DATA_LOSS") {}
export class UnauthenticatedError extends opErrorClass("UNAUTHENTICATED") {}

const classes: Record<Code, new (message: string, facts?: ErrorFacts) => OpError> = {
  CANCELLED: CancelledError,
  UNKNOWN: UnknownError,
  INVALID_ARGUMENT: InvalidArgumentError,
  DEADLINE_EXCEEDED: DeadlineExceededError,
  NOT_FOUND: NotFoundError,
  ALREADY_EXISTS: AlreadyExistsError,
  PERMISSION_DENIED: PermissionDeniedError,
  RESOURCE_EXHAUSTED: ResourceExhaustedError,
  FAILED_PRECONDITION: FailedPreconditionError,
  ABORTED: AbortedError,
  OUT_OF_RANGE: OutOfRangeError,
  UNIMPLEMENTED: UnimplementedError,
  INTERNAL: InternalError,
  UNAVAILABLE: UnavailableError,
  DATA_LOSS: DataLossError,
  UNAUTHENTICATED: UnauthenticatedError,
};

/** An OpError of the class of its code. */
export const opError = (code: Code, message: string, facts?: ErrorFacts): OpError => new classes[code](message, facts);

export const invalidArgument = (message: string, facts?: ErrorFacts): OpError =>
  new InvalidArgumentError(message, facts);

/** Python's exceptions that TensorFlow's Python raises; the texts are Python TensorFlow's. */
export class ValueError extends Error {
  override name = "ValueError";
}
export class TypeError extends globalThis.TypeError {
  static override readonly name = "TypeError"; // A bundler may have to call the class otherwise.
  override name = "TypeError";
}
/** A tensor where a value is wanted: it has one in a session only. */
export class OperatorNotAllowedInGraphError extends TypeError {
  override name = "OperatorNotAllowedInGraphError";
}
export class AttributeError extends Error {
  override readonly name = "AttributeError";
}
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}
export class NotImplementedError extends Error {
  override readonly name = "NotImplementedError";
}
export class RuntimeError extends Error {
  override name = "RuntimeError";
}
export class IndexError extends Error {
  override readonly name = "IndexError";
}
/** Python prints a KeyError as the repr of its text: `message` has the quotes, `text` has not. */
export class KeyError extends Error {
  override name = "KeyError";
  readonly text: string;

  constructor(text: string) {
    super(text.includes("'") ? `"${text}"` : `'${text}'`);
    this.text = text;
  }
}
export class LookupError extends Error {
  override name = "LookupError";
}
