/** tf.io.gfile. Written by scripts/api.mjs. */
export { GFile } from "../train/files/gfile.ts";
export {
  copy,
  exists,
  getRegisteredSchemes,
  glob,
  isdir,
  join,
  listdir,
  makedirs,
  mkdir,
  remove,
  rename,
  rmtree,
  stat,
  walk,
} from "../train/files/io_gfile.ts";
