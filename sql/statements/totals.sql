-- $1: pattern of the ids of ingestions.
-- The sums of the ledger and the counts of the tables, compared by batch. Stored rows without a batch count as unbalanced.
with stored as (
  select batch_id, count(*) as rows from state_vectors group by batch_id
), compared as (
  select
    coalesce(batches.batch_id, stored.batch_id) as batch_id,
    coalesce(batches.flow, case when stored.batch_id like $1 then 'request' else 'stream' end) as flow,
    coalesce(batches.accepted - batches.expired, 0) as expected,
    coalesce(stored.rows, 0) as stored
  from batches full join stored using (batch_id)
)
select
  flow,
  (select coalesce(sum(received), 0) from batches where batches.flow = f.flow)::float8 as received,
  (select coalesce(sum(accepted), 0) from batches where batches.flow = f.flow)::float8 as accepted,
  (select coalesce(sum(duplicate), 0) from batches where batches.flow = f.flow)::float8 as duplicate,
  (select coalesce(sum(repeats), 0) from batches where batches.flow = f.flow)::float8 as repeats,
  (select coalesce(sum(expired), 0) from batches where batches.flow = f.flow)::float8 as expired,
  (
    select coalesce(jsonb_object_agg(reason, rows), '{}')
    from (
      select reason, sum(rows::bigint) as rows
      from batches, jsonb_each_text(rejected) as r (reason, rows)
      where batches.flow = f.flow
      group by reason
    ) as reasons
  ) as reasons,
  (select coalesce(sum(stored), 0) from compared where compared.flow = f.flow)::float8 as stored,
  (
    select coalesce(jsonb_agg(jsonb_build_object('batch_id', batch_id, 'expected', expected, 'stored', stored)), '[]')
    from (select * from compared where compared.flow = f.flow and expected <> stored order by batch_id limit 20) as differing
  ) as unbalanced,
  extract(epoch from now())::float8 as stored_at
from (values ('request'), ('stream')) as f (flow)
