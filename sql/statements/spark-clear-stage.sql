-- $1: stage id. Removes the staged rows of a batch of the Spark job.
delete from spark_stage where stage_id = $1
