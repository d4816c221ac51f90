-- For each day from today - $1 - 1 to tomorrow without a partition: the statement that creates it. Run each in its own
-- transaction. If the default partition contains rows of the day, the day gets no partition and its rows stay together there.
select format(
  $statement$do $do$ begin
  perform pg_advisory_xact_lock({{partition_lock}});
  create table if not exists %I partition of state_vectors for values from (%s) to (%s);
exception when check_violation then null;
end $do$$statement$,
  partition_name, day * 86400, (day + 1) * 86400) as statement
from (select floor(extract(epoch from now()) / 86400)::bigint as today) as t,
  generate_series(today - $1::bigint - 1, today + 1) as day,
  lateral (select 'state_vectors_' || to_char(to_timestamp(day * 86400) at time zone 'UTC', 'YYYY_MM_DD') as partition_name) as p
where to_regclass(partition_name) is null
order by day
