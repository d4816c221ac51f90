-- Each application of a batch stages its rows under an id of its own, so that two drivers with one batch do not take
-- each other's rows away; what an application that died left behind goes by its age.
truncate spark_stage;
alter table spark_stage
  add column stage_id text not null,
  add column staged_at timestamptz not null default now();

drop index spark_stage_batch;
create index spark_stage_id on spark_stage (stage_id);
create index spark_stage_age on spark_stage (staged_at);
