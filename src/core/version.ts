/** The version of this package. */
import manifest from "../../package.json" with { type: "json" };

export const version: string = manifest.version;

/** The same under the name that TensorFlow 1 has for it. */
export const VERSION: string = version;

/** The release as its tag in the history of the sources. */
export const GIT_VERSION: string = `v${version}`;
