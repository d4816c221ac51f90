/**
 * The keys of PostgreSQL's advisory locks. A key is "fl" in ASCII and one letter. All processes that use a database see
 * the same locks.
 */
export const LOCKS = {
  /** Class of the locks on shards. The second key is a hash of stream and shard. */
  lease: 0x666c6c,
  /** Class of the shared locks by which checkpoint sessions are counted. The second key is a hash of the stream. */
  member: 0x666c6d,
  /** Held by the process that owns an embedded data folder. */
  owner: 0x666c6f,
  /** Held while a day partition is created or dropped. */
  partition: 0x666c70,
  /** Held by a migration, until its transaction ends. */
  migration: 0x666c73,
} as const;
