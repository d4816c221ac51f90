-- $1: stream. Rows that producers have put, and the backlog: those of records that are not delivered.
with pending as (
  select r.rows, r.arrived_at
  from stream_records as r
  where r.stream = $1 and not exists (select from deliveries as d where d.id = r.delivery_id)
)
select
  (select coalesce(sum(rows), 0) from stream_shards where stream = $1)::float8 as received,
  coalesce(sum(rows), 0)::float8 as pending,
  extract(epoch from min(arrived_at))::float8 as oldest_pending
from pending
