/** Files that programs name by where they come from: `tf.keras.utils.get_file`. Source: tf_keras/src/utils/data_utils.py. */
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { NotFoundError, ValueError } from "../../core/error.ts";
import { warning } from "../../core/text/logging.ts";
import { type ArchiveFormat, extractArchive } from "../../io/archive/extract.ts";
import { nodeFiles, readFile, writeFileAtomic } from "../../io/file_system.ts";
import { homeFolder, pathKind, sharedTemporaryFolder } from "../../io/paths.ts";
import { byName, type Rest } from "../../ops/options.ts";
import { printMessage } from "./messages.ts";

export interface GetFileOptions {
  /** The name in the cache: the origin's last part by default. */
  readonly fname?: string | null | undefined;
  /** Where the file comes from: a `file://` address, or a path on this machine. */
  readonly origin?: string | null | undefined;
  /** `fname` is a folder that the archive `fname`.tar.gz holds. */
  readonly untar?: boolean | undefined;
  readonly md5Hash?: string | null | undefined;
  /** Of the file, in hexadecimal: SHA-256 or MD5. */
  readonly fileHash?: string | null | undefined;
  /** Below the cache: "datasets". An absolute path is taken as it is. */
  readonly cacheSubdir?: string | undefined;
  readonly hashAlgorithm?: "auto" | "md5" | "sha256" | undefined;
  /** Unpacks the archive beside itself. */
  readonly extract?: boolean | undefined;
  readonly archiveFormat?: "auto" | ArchiveFormat | readonly ArchiveFormat[] | null | undefined;
  /** `~/.keras` by default. */
  readonly cacheDir?: string | null | undefined;
}

const places = [
  "fname",
  "origin",
  "untar",
  "md5Hash",
  "fileHash",
  "cacheSubdir",
  "hashAlgorithm",
  "extract",
  "archiveFormat",
  "cacheDir",
] as const;

/** The folder of cached files; one that all may write to where the home folder refuses. */
function cacheFolder(given: string | null | undefined, below: string): string {
  const base = (given ?? join(homeFolder(), ".keras")).replace(/^~(?=\/|$)/, homeFolder());
  const folder = resolved(base, below);
  try {
    nodeFiles.mkdir(folder);
    return folder;
  } catch {
    const other = resolved(join(sharedTemporaryFolder(), ".keras"), below);
    nodeFiles.mkdir(other);
    return other;
  }
}

const isAbsolute = (path: string): boolean => path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path);
const resolved = (base: string, path: string): string => (isAbsolute(path) ? path : join(base, path));

/** What stands at a `file://` address or a path of this machine; null for addresses elsewhere. */
function localOrigin(origin: string): string | null {
  if (/^file:/i.test(origin)) return fileURLToPath(origin);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(origin)) return null;
  return pathKind(origin) === "file" ? origin : null;
}

function fetchFrom(origin: string, place: string): void {
  const local = localOrigin(origin);
  if (local !== null && pathKind(local) === "file") {
    printMessage(`Downloading data from ${origin}\n`);
    writeFileAtomic(place, readFile(local));
    return;
  }
  const reason =
    local === null
      ? `no network connection is opened here. Fetch it yourself: curl -L -o '${place}' '${origin}'`
      : "No such file or directory";
  throw new NotFoundError(`URL fetch failure on ${origin}: None -- ${reason}`, { path: place });
}

/** Whether a file has this hash, SHA-256 by its length or as said, else MD5. */
function isValid(path: string, hash: string, algorithm: string): boolean {
  const isLong = algorithm === "sha256" || (algorithm === "auto" && hash.length === 64);
  return (
    createHash(isLong ? "sha256" : "md5")
      .update(readFile(path))
      .digest("hex") === hash
  );
}

/**
 * The path of a file in the cache, `~/.keras/datasets/fname`, where it is copied from its origin if it is not there, and unpacked if asked.
 * No network connection is opened: what lies elsewhere must be put there. Throws ValueError for a missing origin or a file whose hash is
 * another, NOT_FOUND for a file that is neither cached nor on this machine.
 */
export function getFile(...rest: Rest<GetFileOptions, typeof places>): string {
  const options = byName<GetFileOptions>(rest, places);
  const { origin, untar = false, cacheSubdir = "datasets", extract = false, archiveFormat = "auto" } = options;
  if (!origin) throw new ValueError('Please specify the "origin" argument (URL of the file to download).');
  const hash = options.fileHash ?? options.md5Hash ?? null;
  const algorithm = options.fileHash ? (options.hashAlgorithm ?? "auto") : "md5";
  const folder = cacheFolder(options.cacheDir, cacheSubdir);
  const name = options.fname || basename(origin.replace(/[?#].*$/, ""));
  if (!name || origin.endsWith("/")) {
    throw new ValueError(
      `Can't parse the file name from the origin provided: '${origin}'.Please specify the \`fname\` as the input param.`,
    );
  }
  const unpacked = resolved(folder, untar ? name.replace(/\.tar\.gz$/, "") : name);
  const path = untar ? `${unpacked}.tar.gz` : unpacked;
  if (pathKind(path) === "none") fetchFrom(origin, path);
  else if (hash !== null && !isValid(path, hash, algorithm) && localOrigin(origin) !== null) {
    printMessage(
      `A local file was found, but it seems to be incomplete or outdated because the ${algorithm} file hash does not match the original value of ${hash} so we will re-download the data.\n`,
    );
    fetchFrom(origin, path);
  }
  if (hash !== null && !isValid(path, hash, algorithm)) {
    throw new ValueError(
      `Incomplete or corrupted file detected. The ${algorithm} file hash does not match the provided value of ${hash}.`,
    );
  }
  const formats = archiveFormat === "auto" ? (["tar", "zip"] as const) : [archiveFormat ?? []].flat();
  if (untar && pathKind(unpacked) === "none") extractArchive(path, folder, ["tar"]);
  if (extract && !untar) extractArchive(path, folder, formats);
  return untar ? unpacked : path;
}

/**
 * A data set's file: at the path itself when it is absolute or there, else in the cache. Another hash than the original's is told, and the
 * file is used. Throws NOT_FOUND, with the address to fetch it from.
 */
export function datasetFile(
  name: string,
  origin: string,
  {
    hash,
    cacheDir,
    cacheSubdir = "datasets",
  }: { hash?: string; cacheDir?: string | null | undefined; cacheSubdir?: string },
): string {
  if (pathKind(name) === "file") return name;
  const path = getFile({ fname: name, origin, cacheDir, cacheSubdir });
  if (hash !== undefined && !isValid(path, hash, "auto"))
    warning(`${path} is not the file of ${origin}: its hash is another. It is used as it is.`);
  return path;
}

/** A data set's folder: unpacked in the cache, or from the archive beside it. Throws NOT_FOUND, with the address to fetch it from. */
export function datasetFolder(name: string, origin: string, cacheDir?: string | null): string {
  const folder = join(cacheFolder(cacheDir, "datasets"), name);
  return pathKind(folder) === "folder" ? folder : getFile({ fname: name, origin, untar: true, cacheDir });
}
