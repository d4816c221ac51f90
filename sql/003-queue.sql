-- The local queue. A consumer locks the row of a message. If the consumer dies, PostgreSQL frees the lock with its connection.
create table arrivals (
  id bigint generated always as identity primary key,
  queue text not null,
  message text not null,
  attempts integer not null default 0,
  ready_at timestamptz not null default now(),
  is_dead boolean not null default false,
  last_error text
);

create index arrivals_ready on arrivals (queue, ready_at) where not is_dead;
