-- insert-states for the Spark job, from the staging table that its drivers share.
-- $1: stage id. $2: ids of the new deliveries, as a JSON array.
insert into state_vectors ({{columns}})
select {{columns}}
from spark_stage
where stage_id = $1 and delivery_id in (select jsonb_array_elements_text($2::jsonb))
order by {{identity_order}}
on conflict do nothing
