-- $1: Unix seconds. Sums over the batches that were applied until this time, by flow.
with past as (
  select * from batches where applied_at <= to_timestamp($1)
)
select
  flow,
  coalesce(sum(received), 0)::float8 as received,
  coalesce(sum(accepted), 0)::float8 as accepted,
  coalesce(sum(duplicate), 0)::float8 as duplicate,
  coalesce(sum(repeats), 0)::float8 as repeats,
  coalesce(sum(expired), 0)::float8 as expired,
  (
    select coalesce(jsonb_object_agg(reason, rows), '{}')
    from (
      select reason, sum(rows::bigint) as rows
      from past as p, jsonb_each_text(p.rejected) as r (reason, rows)
      where p.flow = past.flow
      group by reason
    ) as reasons
  ) as rejected
from past
group by flow
