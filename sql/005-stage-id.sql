-- Each attempt to apply a batch stages its rows under its own id. Two drivers with one batch then never delete each other's
-- rows. Rows of an attempt that died are deleted by age.
truncate spark_stage;
alter table spark_stage
  add column stage_id text not null,
  add column staged_at timestamptz not null default now();

drop index spark_stage_batch;
create index spark_stage_id on spark_stage (stage_id);
create index spark_stage_age on spark_stage (staged_at);
