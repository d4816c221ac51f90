-- Newest wins, whatever the order of arrival: (last_contact, time_position with null least, source).
insert into aircraft
select source, icao24, callsign, origin_country, time_position, last_contact, longitude, latitude, baro_altitude,
  on_ground, velocity, true_track, vertical_rate, geo_altitude, squawk, spi, position_source, category, flags,
  received_at, batch_id
from stage
where is_newest
order by icao24
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
