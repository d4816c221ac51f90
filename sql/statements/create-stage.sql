-- The staging table of one transaction: the columns of state_vectors, the index of the row in its batch, and whether the row
-- is the newest of its aircraft in the batch.
create temp table if not exists stage (
  like state_vectors,
  row_number integer not null,
  is_newest boolean not null
) on commit delete rows
