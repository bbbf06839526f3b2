/** The function library that a graph and the bodies of its functions have in common. */
import type { GraphDefinition } from "../../proto/graph_def.ts";

type Library = GraphDefinition["library"];

export class WithFunctions {
  #shared: { library: Library } = { library: null };

  /** The functions of an imported graph, or of functions made here. */
  get library(): Library {
    return this.#shared.library;
  }

  set library(library: Library) {
    this.#shared.library = library;
  }

  /** The body of a function has its graph's library: what is added to one is in the other. */
  shareLibrary(owner: WithFunctions): void {
    this.#shared = owner.#shared;
  }
}
