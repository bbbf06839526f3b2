/** tf.gfile. Written by scripts/api.mjs. */
export {
  Copy,
  DeleteRecursively,
  Exists,
  FastGFile,
  GFile,
  Glob,
  IsDirectory,
  ListDirectory,
  MakeDirs,
  MkDir,
  Open,
  Remove,
  Rename,
  Stat,
  Walk,
} from "../train/files/gfile.ts";
