-- Batches whose number of stored rows differs from the ledger. The result is empty if nothing was lost.
select batch_id, flow, accepted - expired as expected, count(state_vectors.batch_id) as stored
from batches left join state_vectors using (batch_id)
group by batch_id, flow, accepted, expired
having accepted - expired <> count(state_vectors.batch_id);
