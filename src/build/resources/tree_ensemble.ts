/** An ensemble of trees as a resource of the session, which savers save as `<name>:0_stamp` and `<name>:0_serialized`. Source: boosted_trees_ops.py. */
import { getDefaultGraph } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import {
  boostedTreesCreateEnsembleOp,
  boostedTreesDeserializeEnsembleOp,
  boostedTreesEnsembleResourceHandleOp,
  boostedTreesGetEnsembleStatesOp,
  boostedTreesSerializeEnsembleOp,
  identity,
  isBoostedTreesEnsembleInitializedOp,
} from "../../ops/index.ts";
import { addToCollection, GraphKeys } from "../collections.ts";
import { SaveableObject } from "../saveable.ts";
import { registerResource } from "./registered.ts";

export interface EnsembleStates {
  readonly stampToken: Tensor;
  readonly numTrees: Tensor;
  readonly numFinalizedTrees: Tensor;
  readonly numAttemptedLayers: Tensor;
  /** int32 [2]: the first node of the last layer, and the one behind it. */
  readonly lastLayerNodesRange: Tensor;
}

export class TreeEnsemble {
  readonly handle: Tensor;

  /** `name` is a scope that is open: `boosted_trees/`. */
  constructor(name: string) {
    this.handle = getDefaultGraph().nameScope(name, (scope) => {
      const handle = boostedTreesEnsembleResourceHandleOp({ shared_name: scope }, scope);
      const create = boostedTreesCreateEnsembleOp({
        tree_ensemble_handle: handle,
        stamp_token: 0,
        tree_ensemble_serialized: "",
      });
      const isInitialized = isBoostedTreesEnsembleInitializedOp({ tree_ensemble_handle: handle });
      const saved = boostedTreesSerializeEnsembleOp({ tree_ensemble_handle: handle });
      const specs = [
        { tensor: saved.stamp_token, name: `${handle.name}_stamp` },
        { tensor: saved.tree_ensemble_serialized, name: `${handle.name}_serialized` },
      ];
      const saveable = new SaveableObject(handle.name, specs, ([stamp_token, tree_ensemble_serialized]) =>
        getDefaultGraph().controlDependencies([create], () =>
          boostedTreesDeserializeEnsembleOp({
            tree_ensemble_handle: handle,
            stamp_token: stamp_token!,
            tree_ensemble_serialized: tree_ensemble_serialized!,
          }),
        ),
      );
      addToCollection(GraphKeys.SAVEABLE_OBJECTS, saveable);
      registerResource({ handle, create, isInitialized });
      return handle;
    });
  }

  getStates(): EnsembleStates {
    const states = boostedTreesGetEnsembleStatesOp({ tree_ensemble_handle: this.handle });
    return {
      stampToken: identity(states.stamp_token, { name: "stamp_token" }),
      numTrees: identity(states.num_trees, { name: "num_trees" }),
      numFinalizedTrees: identity(states.num_finalized_trees, { name: "num_finalized_trees" }),
      numAttemptedLayers: identity(states.num_attempted_layers, { name: "num_attempted_layers" }),
      lastLayerNodesRange: identity(states.last_layer_nodes_range, { name: "last_layer_nodes_range" }),
    };
  }
}
