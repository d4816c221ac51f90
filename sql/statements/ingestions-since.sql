-- $1: Unix seconds. $2: pattern of the ids of ingestions.
-- Deliveries of Flow 1 that were applied since a time. Includes every delivery whose batch is missing.
select d.id
from deliveries as d left join batches as b using (batch_id)
where d.id like $2 and (b.applied_at is null or b.applied_at >= to_timestamp($1))
