-- As insert-states, from the stage that drivers share; $2: ids of the deliveries that are fresh, as a JSON array.
insert into state_vectors
select source, icao24, callsign, origin_country, time_position, last_contact, longitude, latitude, baro_altitude,
  on_ground, velocity, true_track, vertical_rate, geo_altitude, squawk, spi, position_source, category, flags,
  received_at, batch_id
from spark_stage
where stage_id = $1 and delivery_id in (select jsonb_array_elements_text($2::jsonb))
order by last_contact, icao24, source, time_position
on conflict do nothing
