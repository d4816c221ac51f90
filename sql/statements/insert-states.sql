-- Stores the staged rows, in key order so that writers do not deadlock. Of rows with equal identity, the first to arrive stays.
insert into state_vectors ({{columns}})
select {{columns}}
from stage
order by {{identity_order}}, row_number
on conflict do nothing
