"""
The schema of stream records as Kinesis stores them, as Spark DDL.

It has a module of its own because sources.py and kinesis_source.py both use it, and sources.py imports the other one.
"""

RAW_SCHEMA = "data binary, partitionKey string, sequenceNumber string, approximateArrivalTimestamp timestamp"
