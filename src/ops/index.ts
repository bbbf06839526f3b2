/** Every op family. One line a file. */
export * from "./compute/matrix/matmul.ts";
export * from "./compute/random/draws.ts";
export * from "./constant.ts";
export * from "./state/assign.ts";
export * from "./state/reference.ts";
export * from "./state/resource.ts";
export * from "./state/scatter.ts";
export * from "./state/training/optimizers.ts";
