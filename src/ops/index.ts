/** Every op family. One line a file. */
export * from "./compute/matrix/matmul.ts";
export * from "./constant.ts";
