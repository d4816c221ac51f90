-- Batches whose stored rows differ from what the ledger says; none when nothing was lost.
select batch_id, flow, accepted - expired as expected, count(state_vectors.batch_id) as stored
from batches left join state_vectors using (batch_id)
group by batch_id, flow, accepted, expired
having accepted - expired <> count(state_vectors.batch_id);
