/** The bytes of a file in order, plain or inflated, in as many pieces as are asked for: memory does not grow with the file. */
import { type FileSystem, nodeFiles, type OpenFile } from "../file_system.ts";
import { type Compression, StreamInflater } from "../record/compression.ts";

const pieceSize = 2 ** 18;

export class ByteStream {
  readonly path: string;
  readonly #file: OpenFile;
  readonly #inflater: StreamInflater | undefined;
  /** Read and not yet given. */
  #buffer = new Uint8Array(0);
  #at = 0;
  #filePosition = 0;
  #position = 0;
  #ended = false;

  /** Throws NOT_FOUND and the like. */
  constructor(path: string, compression: Compression = "", files: FileSystem = nodeFiles) {
    this.path = path;
    this.#file = files.open(path, "r");
    this.#inflater = compression === "" ? undefined : new StreamInflater(compression, path);
  }

  /** Bytes given so far. */
  get position(): number {
    return this.#position;
  }

  /** Length of the file on the disk. */
  get fileBytes(): number {
    return this.#file.sizeBytes();
  }

  /** The next n bytes, fewer at the end; a copy. */
  async read(n: number): Promise<Uint8Array> {
    await this.#have(n);
    const bytes = this.#buffer.slice(this.#at, this.#at + n);
    this.#take(bytes.length);
    return bytes;
  }

  /** The next n bytes without taking them; fewer at the end. */
  async peek(n: number): Promise<Uint8Array> {
    await this.#have(n);
    return this.#buffer.slice(this.#at, this.#at + n);
  }

  /** Leaves n bytes out; returns how many there were. */
  async skip(n: number): Promise<number> {
    let left = n;
    while (left > 0) {
      await this.#have(1);
      const here = Math.min(left, this.#buffer.length - this.#at);
      if (here === 0) break;
      this.#take(here);
      left -= here;
    }
    return n - left;
  }

  /** The next line as `readLine` gives it, where it has been read from the disk already; else null. */
  lineAtHand(): Uint8Array | null {
    const at = this.#buffer.indexOf(10, this.#at);
    if (at < 0) return null;
    const line = this.#buffer.slice(this.#at, at);
    this.#take(at + 1 - this.#at);
    return withoutReturn(line);
  }

  /** The next line without its end (`\n` or `\r\n`), or null at the end of the file. */
  async readLine(): Promise<Uint8Array | null> {
    let looked = 0;
    for (;;) {
      const at = this.#buffer.indexOf(10, this.#at + looked);
      if (at >= 0) {
        const line = this.#buffer.slice(this.#at, at);
        this.#take(at + 1 - this.#at);
        return withoutReturn(line);
      }
      looked = this.#buffer.length - this.#at;
      if (await this.#fill()) continue;
      if (looked === 0) return null;
      const line = this.#buffer.slice(this.#at);
      this.#take(looked);
      return withoutReturn(line);
    }
  }

  close(): void {
    this.#inflater?.close();
    this.#file.close();
  }

  #take(n: number): void {
    this.#at += n;
    this.#position += n;
  }

  async #have(n: number): Promise<void> {
    while (this.#buffer.length - this.#at < n && (await this.#fill()));
  }

  /** Brings more bytes; false at the end. */
  async #fill(): Promise<boolean> {
    if (this.#ended) return false;
    const piece = new Uint8Array(pieceSize);
    const n = await this.#file.readAsync(piece, this.#filePosition);
    this.#filePosition += n;
    if (!this.#inflater) {
      this.#ended = n === 0;
      if (n > 0) this.#append([piece.subarray(0, n)]);
      return n > 0;
    }
    if (n > 0) this.#append(await this.#inflater.push(piece.subarray(0, n)));
    else {
      this.#ended = true;
      this.#append((await this.#inflater.end()).bytes);
    }
    return true;
  }

  #append(parts: readonly Uint8Array[]): void {
    const kept = this.#buffer.length - this.#at;
    const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, kept));
    joined.set(this.#buffer.subarray(this.#at));
    let at = kept;
    for (const part of parts) {
      joined.set(part, at);
      at += part.length;
    }
    this.#buffer = joined;
    this.#at = 0;
  }
}

const withoutReturn = (line: Uint8Array): Uint8Array =>
  line.length > 0 && line[line.length - 1] === 13 ? line.subarray(0, -1) : line;
