select count(*) from spark_stage where batch_id = $1
