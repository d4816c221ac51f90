-- The local stream: its shards, their records, and the checkpoints of the consumers.

create table stream_shards (
  stream text not null,
  shard integer not null,
  -- Sequence number of the next record, assigned under a lock on this row. Records thus become visible in order.
  next_number bigint not null default 1,
  -- All rows that producers have put on this shard: the intake count of Flow 2.
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

-- Producers compress the data, so the database does not.
alter table stream_records alter column data set storage external;

create table stream_checkpoints (
  stream text not null,
  shard text not null,
  -- Fencing token: grows with each lease. A save with an older token fails.
  epoch bigint not null default 0,
  position text,
  primary key (stream, shard)
);
