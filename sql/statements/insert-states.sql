-- In key order, so that two writers wait for each other instead of deadlocking; of equal identities the first to arrive stays.
insert into state_vectors
select source, icao24, callsign, origin_country, time_position, last_contact, longitude, latitude, baro_altitude,
  on_ground, velocity, true_track, vertical_rate, geo_altitude, squawk, spi, position_source, category, flags,
  received_at, batch_id
from stage
order by last_contact, icao24, source, time_position, row_number
on conflict do nothing
