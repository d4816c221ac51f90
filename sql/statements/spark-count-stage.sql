-- $1: stage id. Rows that the Spark job has staged for a batch.
select count(*) from spark_stage where stage_id = $1
