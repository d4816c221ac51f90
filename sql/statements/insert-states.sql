-- Stores the staged rows. In key order, so that two writers wait for each other and do not deadlock.
-- Of equal identities the first to arrive is kept.
insert into state_vectors ({{columns}})
select {{columns}}
from stage
order by last_contact, icao24, source, time_position, row_number
on conflict do nothing
