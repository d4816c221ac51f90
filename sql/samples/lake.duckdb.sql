-- In DuckDB, on the files alone: flights by country in the lake. From the data folder's objects/: duckdb < this file.
select origin_country, count(distinct icao24) as aircraft, count(*) as observations
from read_parquet('lake/state_vectors/*/*/*/*.parquet', hive_partitioning = true)
group by all
order by aircraft desc
limit 10;
