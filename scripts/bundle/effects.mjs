/** Modules that change others when they start: operators put methods on tensors, higher layers fill the hooks of lower ones. */

/** Statements at a module's start that assign to a thing, call its methods, or hand it to a function: the thing. */
const effect =
  /^(?:Object\.(?:defineProperty|defineProperties|assign)\((\w+)|(\w+)(?:\.\w+)+(?: = |\()|(\w+)(?:<\w+>)?\((?:(\w+)\.prototype)?)/gm;
/** Ops register themselves, and the bundle knows where each is; Keras' models do by names that only those who know models read. */
const registers = /^(?:defineOp|registerOp|defineDataset|layerClasses|RegisterKL)\b/;

/** The names that the statements at a module's start change, of a module as it is written. */
export const changedNames = (text) =>
  [...text.matchAll(effect)]
    .filter(([all]) => !registers.test(all) && !/^(?:Object|Reflect)\.\w+$/.test(all))
    .flatMap(([, ...names]) => names.filter((name) => name !== undefined));
