-- Whoever listens to what is applied hears of the batch when it is committed.
select pg_notify('flightline_applied', $1)
