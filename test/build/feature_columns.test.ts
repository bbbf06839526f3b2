/** Feature columns, node for node: test/fixtures/build/feature_columns.py. */
import { comparePrograms } from "./programs/compare.ts";
import { featureColumns } from "./programs/feature_columns.ts";

comparePrograms("feature_columns", featureColumns);
