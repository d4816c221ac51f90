-- The newest position of each aircraft in a box, highest first.
select icao24, callsign, latitude, longitude, baro_altitude, velocity, flags
from aircraft
where latitude between 45 and 55 and longitude between 5 and 15
order by baro_altitude desc nulls last
limit 20;
