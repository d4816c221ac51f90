-- When a row was staged: of a batch that never comes again, as after a new checkpoint, it is cleared by this.
alter table spark_stage add column staged_at timestamptz not null default now();
