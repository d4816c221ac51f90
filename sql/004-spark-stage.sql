-- Where the Spark job puts a batch's rows before one transaction merges them: many connections write, so it is no
-- temporary table. 005 tells whose the rows are and when they go.
create unlogged table spark_stage (
  like state_vectors,
  delivery_id text not null
);

create index spark_stage_batch on spark_stage (batch_id);
