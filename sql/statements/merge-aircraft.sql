-- Keeps the newest row of each aircraft, for any order of arrival. src/flight/newest.ts defines the order.
insert into aircraft ({{columns}})
select {{columns}}
from stage
where is_newest
order by icao24
on conflict (icao24) do update set
  {{updates}}
where {{is_newer}}
