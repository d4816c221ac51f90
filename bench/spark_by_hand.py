"""
The contract's rules written by hand in ordinary PySpark: columns, `when`, and one schema.

The benchmark compares the compiled plan with this code. It has the outcomes of all golden cases of kind `clean`. Other
input may have other outcomes.
"""

from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as f
from pyspark.sql.types import ArrayType, StringType, StructField, StructType

TEXT = ("icao24", "callsign", "origin_country", "squawk")
INTEGER = ("time_position", "last_contact", "position_source", "category")
NUMBER = ("longitude", "latitude", "baro_altitude", "velocity", "true_track", "vertical_rate", "geo_altitude")
BOOLEAN = ("on_ground", "spi")
NAMES = (*TEXT, *INTEGER, *NUMBER, *BOOLEAN)
RECORD = [
    "source", "icao24", "callsign", "origin_country", "time_position", "last_contact", "longitude", "latitude",
    "baro_altitude", "on_ground", "velocity", "true_track", "vertical_rate", "geo_altitude", "squawk", "spi",
    "position_source", "category", "flags",
]  # fmt: skip
IDENTITY = ("source", "icao24", "last_contact", "time_position")

ROW = StructType([StructField(name, StringType()) for name in (*NAMES, "_end")])
OPTIONS = {"allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}
BLANK = "".join(chr(code) for code in range(33))
DECIMAL = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\z"
# Spark's own spelling of a number in a text field
SPARK_NUMBER = r'^(-?[0-9]{16,}|-?[0-9]+\.[0-9]+(E-?[0-9]+)?|"-?Infinity")\z'
UPPER, LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
MAX_EXACT = 2.0**53 - 1
ADDRESS = r"^~?[0-9a-f]{6}\z"
RESERVED_ADDRESS = r"^~?(0{6}|f{6})\z"
SOFT = ("position", *(name for name in NAMES if name not in ("icao24", "last_contact", "longitude", "latitude")))
MIN_TIME_S = 1_000_000_000
MAX_SECONDS = 100_000_000_000


def any_of(*conditions: Column) -> Column:
    """Whether one of the conditions is true. Null counts as false."""
    return f.coalesce(reduce(Column.__or__, conditions), f.lit(False))


def unless(condition: Column, value: Column) -> Column:
    return f.when(~condition, value)


def outside(value: Column, low: float, high: float) -> Column:
    return (value < low) | (value > high)


def parse_lines(lines: DataFrame) -> DataFrame:
    """Parses a line with a marker after it, which shows where the value ends. A second parse handles non-objects."""
    parts = f.from_json(f.concat(f.lit("["), "line", f.lit(',{"_end":"end"}]')), ArrayType(ROW), OPTIONS)
    other = f.from_json(f.concat(f.lit("["), "line", f.lit(',"end"]')), ArrayType(StringType()), OPTIONS)
    leaf = f.col("leaf")
    return (
        lines.withColumn("parts", parts)
        .withColumn("leaf", f.when(f.get("parts", f.lit(1))["_end"] == "end", f.get("parts", f.lit(0))))
        .withColumn(
            "undecodable",
            f.when(f.col("reason").isNotNull(), f.col("reason"))
            .when(leaf.isNotNull(), None)
            .when(f.get(other, f.lit(1)) == "end", "not_an_object")
            .otherwise("not_json"),
        )
        .withColumn("twin", numbers_in_text(leaf))
        .drop("parts", "reason")
    )


def numbers_in_text(leaf: Column) -> Column:
    """The text fields as numbers, for lines where the text of a field looks like Spark's spelling of a number."""
    is_possible = any_of(*(leaf[name].rlike(SPARK_NUMBER) for name in TEXT))
    schema = ", ".join(f"{name} double" for name in TEXT)
    return f.when(is_possible, f.from_json("line", f"struct<{schema}>", OPTIONS))


def text_value(name: str) -> Column:
    text = f.col(f"{name}_text")
    number = f.when(f.col("leaf")[name].rlike(SPARK_NUMBER), f.col("twin")[name])
    integral = f.when((f.abs(number) <= MAX_EXACT) & (number == f.floor(number)), number.cast("bigint").cast("string"))
    return f.when(number.isNotNull(), integral).when(~text.rlike(r"^[{\[]"), text)


def boolean_value(name: str) -> Column:
    text, number = f.translate(f"{name}_text", UPPER, LOWER), f.col(f"{name}_number")
    return f.when(text.isin("true", "t") | (number == 1), True).when(text.isin("false", "f") | (number == 0), False)


def convert_fields(rows: DataFrame) -> DataFrame:
    """Adds a column for each field's value, and one for whether the field is present but has no usable value."""
    texts = {f"{name}_text": f.btrim(f.col("leaf")[name], f.lit(BLANK)) for name in NAMES}
    numbers = {f"{name}_number": number_value(name) for name in (*INTEGER, *NUMBER, *BOOLEAN)}
    values = {
        **{name: text_value(name) for name in TEXT},
        **{name: integer_value(name) for name in INTEGER},
        **{name: f.col(f"{name}_number") for name in NUMBER},
        **{name: boolean_value(name) for name in BOOLEAN},
    }
    unusable = {f"{name}_unusable": f.col(f"{name}_text").isNotNull() & f.col(name).isNull() for name in TEXT} | {
        f"{name}_unusable": any_of(f.col(f"{name}_text") != "") & f.col(name).isNull()
        for name in (*INTEGER, *NUMBER, *BOOLEAN)
    }
    return (
        rows.withColumns(texts)
        .withColumns(numbers)
        .withColumns(values)
        .withColumns(unusable)
        .drop("leaf", "twin", *texts, *numbers)
    )


def number_value(name: str) -> Column:
    text = f.col(f"{name}_text")
    number = f.when(text.rlike(DECIMAL), text.cast("double"))
    return f.when(f.abs(number) < float("inf"), number + 0.0)


def integer_value(name: str) -> Column:
    number = f.col(f"{name}_number")
    return f.when(f.abs(number) <= MAX_EXACT, f.floor(number))


def bad(name: str, *wrong: Column) -> Column:
    return any_of(f.col(f"{name}_unusable"), *wrong)


def clean_rows(rows: DataFrame) -> DataFrame:
    c = f.col
    lat, lon, since, seen = c("latitude"), c("longitude"), c("time_position"), c("last_contact")
    baro, geo, icao24, squawk = c("baro_altitude"), c("geo_altitude"), c("icao24"), c("squawk")
    has_position = lat.isNotNull() | lon.isNotNull() | c("latitude_unusable") | c("longitude_unusable")
    is_invalid = any_of(
        lat.isNull(), lon.isNull(), f.abs(lat) >= 90, f.abs(lon) > 180, (f.abs(lon) < 0.01) & (f.abs(lat) < 0.01)
    )
    is_empty_callsign = any_of(c("callsign").rlike(r"^0*\z"), c("callsign") == "N/A")
    return (
        rows.withColumns({"icao24": f.translate("icao24", UPPER, LOWER)})
        .withColumns({"callsign": f.translate("callsign", LOWER, UPPER), "bad_position": has_position & is_invalid})
        .withColumns(
            {
                "callsign": unless(is_empty_callsign, c("callsign")),
                "origin_country": unless(any_of(c("origin_country") == ""), c("origin_country")),
                "squawk": unless(any_of(squawk == ""), squawk),
                "is_located": has_position & ~c("bad_position"),
                "bad_geo_altitude": bad("geo_altitude", outside(geo, -500, 25_000)),
            }
        )
        .withColumns(
            {
                "bad_callsign": bad("callsign", ~c("callsign").rlike(r"^[A-Z0-9]{1,8}\z")),
                "bad_origin_country": bad(
                    "origin_country", ~c("origin_country").rlike(r"^(?![=+@-])[^\x00-\x1f\x7f\ufffd]{1,64}\z")
                ),
                "bad_time_position": c("is_located") & bad("time_position", since < MIN_TIME_S, since > seen + 1),
                "geo_altitude": unless(c("bad_geo_altitude"), geo),
                "bad_on_ground": c("on_ground_unusable"),
                "on_ground": f.coalesce("on_ground", f.lit(False)),
                "bad_spi": c("spi_unusable"),
                "spi": f.coalesce("spi", f.lit(False)),
                "bad_velocity": bad("velocity", outside(c("velocity"), 0, 1_029)),
                "bad_true_track": c("true_track_unusable"),
                "true_track": f.pmod("true_track", f.lit(360.0)) + 0.0,
                "bad_vertical_rate": bad("vertical_rate", outside(c("vertical_rate"), -50.8, 50.8)),
                "bad_squawk": bad("squawk", ~squawk.rlike(r"^[0-7]{4}\z")),
                "bad_position_source": bad("position_source", outside(c("position_source"), 0, 15)),
                "bad_category": bad("category", outside(c("category"), 0, 20)),
            }
        )
        .withColumns(
            {
                "bad_baro_altitude": bad(
                    "baro_altitude",
                    outside(baro, -500, 25_000),
                    (baro > 15_293) & any_of(geo.isNull(), f.abs(baro - geo) > 1_500),
                ),
                "is_located": c("is_located") & ~c("bad_time_position"),
            }
        )
        .withColumns(
            {
                **{name: f.when(c("is_located"), c(name)) for name in ("longitude", "latitude", "time_position")},
                **{
                    name: unless(c(f"bad_{name}"), c(name))
                    for name in (
                        "callsign", "origin_country", "squawk", "baro_altitude",
                        "velocity", "vertical_rate", "position_source", "category",
                    )
                },
                "reason": f.when(c("undecodable").isNotNull(), c("undecodable"))
                .when(any_of(icao24.isNull(), ~icao24.rlike(ADDRESS), icao24.rlike(RESERVED_ADDRESS)), "bad_icao24")
                .when(any_of(seen.isNull(), seen < MIN_TIME_S), "bad_last_contact")
                .when(seen > MAX_SECONDS, "milliseconds")
                .when(seen > c("received_at") + 10, "in_future"),
            }
        )
    )  # fmt: skip


def flags() -> Column:
    c = f.col
    conditions = {
        **{f"bad_{name}": c(f"bad_{name}") for name in SOFT},
        "emergency": c("squawk").isin("7500", "7600", "7700"),
        "fast": c("velocity") > 340,
        "stale_position": c("last_contact") - c("time_position") > 15,
        "ground_suspect": c("on_ground") & ((c("velocity") > 103) | (c("baro_altitude") > 3_000)),
        "altitudes_differ": f.abs(c("baro_altitude") - c("geo_altitude")) > 1_500,
    }
    return f.concat_ws(",", *(f.when(conditions[name], name) for name in sorted(conditions)))


def clean_lines(lines: DataFrame, identity: tuple[str, ...] = IDENTITY) -> DataFrame:
    """The outcome of every line, in the columns of the plan's query."""
    c = f.col
    is_read = f.coalesce(c("undecodable") == "not_an_object", f.lit(True))
    rejected = c("reason").isNotNull()
    order = (f.lpad("sequence_number", 129, "0"), "partition_key", "line_number")
    unique_if_rejected = f.when(rejected, f.struct("delivery", "line_number"))
    arrival = f.row_number().over(Window.partitionBy(*identity, unique_if_rejected).orderBy(*order))
    rows = clean_rows(convert_fields(parse_lines(lines))).withColumns(
        {
            "flags": flags(),
            **{name: c(name).cast("int") for name in ("position_source", "category")},
            "field": f.when(c("reason") == "bad_icao24", "icao24").when(
                c("reason").isin("bad_last_contact", "milliseconds", "in_future"), "last_contact"
            ),
            "row_text": f.when(rejected & is_read, f.coalesce(c("bytes").cast("string"), "line")),
            "row_bytes": f.when(~is_read, f.coalesce("bytes", c("line").cast("binary"))),
        }
    )
    return rows.select(
        "delivery",
        "line_number",
        "received_at",
        "reason",
        "field",
        c("undecodable").isNull().alias("is_read"),
        "row_text",
        "row_bytes",
        (~rejected & (arrival > 1)).alias("is_duplicate"),
        *RECORD,
    )
