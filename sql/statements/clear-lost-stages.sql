delete from spark_stage where staged_at < now() - interval '1 hour'
