-- Removes staged rows of Spark drivers that ended without clearing them.
delete from spark_stage where staged_at < now() - interval '1 hour'
