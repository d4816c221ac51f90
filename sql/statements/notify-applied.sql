-- PostgreSQL notifies the listeners of the batch when the transaction commits.
select pg_notify('{{applied_channel}}', $1)
