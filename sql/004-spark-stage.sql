-- The staging table of the Spark job. Many connections write the rows of a batch, so a temporary table does not work. One
-- transaction then merges the rows. 005 adds the owner and the age of the rows.
create unlogged table spark_stage (
  like state_vectors,
  delivery_id text not null
);

create index spark_stage_batch on spark_stage (batch_id);
