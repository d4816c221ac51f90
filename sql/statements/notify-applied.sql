-- PostgreSQL notifies the listeners of the batch when the transaction commits.
select pg_notify('flightline_applied', $1)
