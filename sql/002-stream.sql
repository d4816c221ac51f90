-- The local stream: shards, their records, and who reads them how far.

create table stream_shards (
  stream text not null,
  shard integer not null,
  -- The number that the next record takes, under this row's lock: readers then never see a later record first.
  next_number bigint not null default 1,
  -- Rows that producers put, ever: the door's count.
  rows bigint not null default 0,
  primary key (stream, shard)
);

create table stream_records (
  stream text not null,
  shard integer not null,
  sequence_number bigint not null,
  partition_key text not null,
  data bytea not null,
  rows integer not null,
  arrived_at timestamptz not null default now(),
  delivery_id text not null,
  primary key (stream, shard, sequence_number)
);

-- Compressed by the producer, so not again by the database.
alter table stream_records alter column data set storage external;

create table stream_checkpoints (
  stream text not null,
  shard text not null,
  -- Grows with each lease; a save under an older one is refused.
  epoch bigint not null default 0,
  position text,
  primary key (stream, shard)
);
