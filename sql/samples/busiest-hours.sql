-- Observations and aircraft by hour, for the 24 hours before the newest observation.
select to_char(to_timestamp(last_contact / 3600 * 3600) at time zone 'UTC', 'YYYY-MM-DD HH24:00') as hour_utc,
  count(*) as observations,
  count(distinct icao24) as aircraft
from state_vectors
where last_contact > (select max(last_contact) - 86400 from state_vectors)
group by 1
order by 1;
