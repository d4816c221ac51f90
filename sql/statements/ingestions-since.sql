-- Deliveries of Flow 1 applied since a time; one whose batch is missing is always told.
select d.id
from deliveries as d left join batches as b using (batch_id)
where d.id like $2 and (b.applied_at is null or b.applied_at >= to_timestamp($1))
