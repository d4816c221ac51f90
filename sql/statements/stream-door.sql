-- What producers put, ever, and what of it has no delivery yet.
select
  (select coalesce(sum(rows), 0) from stream_shards where stream = $1)::float8 as received,
  (
    select coalesce(sum(r.rows), 0)
    from stream_records as r
    where r.stream = $1 and not exists (select from deliveries as d where d.id = r.delivery_id)
  )::float8 as pending
