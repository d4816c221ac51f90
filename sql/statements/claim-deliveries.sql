-- $1: [{"id", "rows"}], $2: batch id. Returns the ids of new deliveries: those that were not applied before.
-- Every writer inserts in key order, so that writers do not deadlock.
insert into deliveries (id, batch_id, rows)
select id, $2, rows from jsonb_to_recordset($1::jsonb) as d (id text, rows integer)
order by id
on conflict do nothing
returning id
