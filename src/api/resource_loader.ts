/** tf.resourceLoader. Written by scripts/api.mjs. */
export {
  getDataFilesPath,
  getPathToDatafile,
  getRootDirWithAllResources,
  loadResource,
  readaheadFilePath,
} from "../train/files/resource_loader.ts";
