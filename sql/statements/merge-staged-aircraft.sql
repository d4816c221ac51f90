-- As merge-aircraft, from the stage that drivers share; $2: ids of the deliveries that are fresh, as a JSON array.
insert into aircraft
select distinct on (icao24) source, icao24, callsign, origin_country, time_position, last_contact, longitude, latitude, baro_altitude,
  on_ground, velocity, true_track, vertical_rate, geo_altitude, squawk, spi, position_source, category, flags,
  received_at, batch_id
from spark_stage
where stage_id = $1 and delivery_id in (select jsonb_array_elements_text($2::jsonb))
order by icao24, last_contact desc, coalesce(time_position, -1) desc, source collate "C" desc
on conflict (icao24) do update set
  source = excluded.source,
  callsign = excluded.callsign,
  origin_country = excluded.origin_country,
  time_position = excluded.time_position,
  last_contact = excluded.last_contact,
  longitude = excluded.longitude,
  latitude = excluded.latitude,
  baro_altitude = excluded.baro_altitude,
  on_ground = excluded.on_ground,
  velocity = excluded.velocity,
  true_track = excluded.true_track,
  vertical_rate = excluded.vertical_rate,
  geo_altitude = excluded.geo_altitude,
  squawk = excluded.squawk,
  spi = excluded.spi,
  position_source = excluded.position_source,
  category = excluded.category,
  flags = excluded.flags,
  received_at = excluded.received_at,
  batch_id = excluded.batch_id
where (excluded.last_contact, coalesce(excluded.time_position, -1), excluded.source collate "C")
  > (aircraft.last_contact, coalesce(aircraft.time_position, -1), aircraft.source collate "C")
