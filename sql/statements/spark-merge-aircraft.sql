-- merge-aircraft for the Spark job, from the staging table that its drivers share.
-- $1: stage id. $2: ids of the new deliveries, as a JSON array.
insert into aircraft ({{columns}})
select distinct on (icao24) {{columns}}
from spark_stage
where stage_id = $1 and delivery_id in (select jsonb_array_elements_text($2::jsonb))
order by icao24, {{newest_first}}
on conflict (icao24) do update set
  {{updates}}
where {{is_newer}}
