-- The columns of state_vectors, the row's place in the batch, and whether it is its aircraft's newest in the batch.
create temp table if not exists stage (
  like state_vectors,
  row_number integer not null,
  is_newest boolean not null
) on commit delete rows
