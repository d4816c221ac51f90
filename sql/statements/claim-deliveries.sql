-- $1: [{"id", "rows"}]; answers those that had not been applied before. In key order, as every writer claims them.
insert into deliveries (id, batch_id, rows)
select id, $2, rows from jsonb_to_recordset($1::jsonb) as d (id text, rows integer)
order by id
on conflict do nothing
returning id
