/** `tf.resourceLoader`: files that lie beside the program's own. Source: tensorflow/python/platform/resource_loader.py. */
import { captureTrace, userLine } from "../../core/trace.ts";
import { readFile } from "../../io/file_system.ts";

/** The folder of the file that calls. */
function callerFolder(): string {
  const line = userLine(captureTrace()) ?? "";
  const path = line.replace(/:\d+$/, "");
  const at = path.lastIndexOf("/");
  return at < 0 ? "." : path.slice(0, at);
}

const joined = (folder: string, path: string): string => (path.startsWith("/") ? path : `${folder}/${path}`);

/** The folder of the file that calls. */
export const getDataFilesPath = (): string => callerFolder();

/** The path of a file beside the one that calls. */
export const getPathToDatafile = (path: string): string => joined(callerFolder(), path);

/** The folder of the file that calls, with all that lies in it. */
export const getRootDirWithAllResources = (): string => callerFolder();

/** The path as it is: files are read where they lie. */
export const readaheadFilePath = (path: string): string => path;

/** The bytes of a file beside the one that calls. Throws NOT_FOUND without it. */
export const loadResource = (path: string): Uint8Array => readFile(joined(callerFolder(), path));
