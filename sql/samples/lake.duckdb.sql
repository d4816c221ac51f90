-- Aircraft by country in the lake, for DuckDB. It reads only the files. Run duckdb < FILE in the folder objects/ of the data folder.
select origin_country, count(distinct icao24) as aircraft, count(*) as observations
from read_parquet('lake/state_vectors/*/*/*/*.parquet', hive_partitioning = true)
group by all
order by aircraft desc
limit 10;
