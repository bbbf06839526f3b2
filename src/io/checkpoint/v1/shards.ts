/** The files of a checkpoint of the first version: one, or those of `model-?????-of-00002`. */
export function shardFiles(spec: string): string[] {
  const sharded = /^(.*-)\?{5}(-of-(\d{5}))$/s.exec(spec);
  if (!sharded) return [spec];
  const [, start, end, count] = sharded;
  return Array.from({ length: Number(count) }, (_, shard) => `${start}${String(shard).padStart(5, "0")}${end}`);
}
