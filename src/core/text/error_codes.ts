/** TensorFlow's status codes as numbers, and between them and the classes of errors. Source: errors_impl.py, error_codes.proto. */
import {
  AbortedError,
  AlreadyExistsError,
  CancelledError,
  DataLossError,
  DeadlineExceededError,
  FailedPreconditionError,
  InternalError,
  InvalidArgumentError,
  KeyError,
  NotFoundError,
  type OpError,
  OutOfRangeError,
  PermissionDeniedError,
  ResourceExhaustedError,
  UnauthenticatedError,
  UnavailableError,
  UnimplementedError,
  UnknownError,
} from "../error.ts";

export const OK = 0;
export const CANCELLED = 1;
export const UNKNOWN = 2;
export const INVALID_ARGUMENT = 3;
export const DEADLINE_EXCEEDED = 4;
export const NOT_FOUND = 5;
export const ALREADY_EXISTS = 6;
export const PERMISSION_DENIED = 7;
export const RESOURCE_EXHAUSTED = 8;
export const FAILED_PRECONDITION = 9;
export const ABORTED = 10;
export const OUT_OF_RANGE = 11;
export const UNIMPLEMENTED = 12;
export const INTERNAL = 13;
export const UNAVAILABLE = 14;
export const DATA_LOSS = 15;
export const UNAUTHENTICATED = 16;

export type ErrorClass = new (message: string) => OpError;

const classes = new Map<number, ErrorClass>([
  [CANCELLED, CancelledError],
  [UNKNOWN, UnknownError],
  [INVALID_ARGUMENT, InvalidArgumentError],
  [DEADLINE_EXCEEDED, DeadlineExceededError],
  [NOT_FOUND, NotFoundError],
  [ALREADY_EXISTS, AlreadyExistsError],
  [PERMISSION_DENIED, PermissionDeniedError],
  [RESOURCE_EXHAUSTED, ResourceExhaustedError],
  [FAILED_PRECONDITION, FailedPreconditionError],
  [ABORTED, AbortedError],
  [OUT_OF_RANGE, OutOfRangeError],
  [UNIMPLEMENTED, UnimplementedError],
  [INTERNAL, InternalError],
  [UNAVAILABLE, UnavailableError],
  [DATA_LOSS, DataLossError],
  [UNAUTHENTICATED, UnauthenticatedError],
]);

/** Throws KeyError for a number that is no code of an error. */
export function exceptionTypeFromErrorCode(code: number): ErrorClass {
  const found = classes.get(code);
  if (!found) throw new KeyError(String(code));
  return found;
}

/** Throws KeyError for a class that has no code. */
export function errorCodeFromExceptionType(type: ErrorClass): number {
  for (const [code, known] of classes) if (known === type) return code;
  throw new KeyError(String(type));
}

/** A status as TensorFlow's C interface has it. */
export interface Status {
  code: number;
  message: string;
}

/** Calls fn with a status, and throws the error that it then stands for. */
export function raiseExceptionOnNotOkStatus<R>(fn: (status: Status) => R): R {
  const status: Status = { code: OK, message: "" };
  const result = fn(status);
  if (status.code !== OK) throw new (exceptionTypeFromErrorCode(status.code))(status.message);
  return result;
}
