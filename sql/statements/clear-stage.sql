delete from spark_stage where stage_id = $1
