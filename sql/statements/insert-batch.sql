-- A batch id is a hash of its deliveries. If the id exists, all of its deliveries are repeats.
insert into batches (batch_id, flow, contract, received, accepted, duplicate, rejected, repeats, received_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (batch_id) do update set repeats = batches.repeats + excluded.repeats
