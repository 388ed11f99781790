#!/usr/bin/env python3
"""Reads exports in folders with pandas, pyarrow and polars, and compares them with the warehouse.

`vainu-etl export --partition-by country` puts the country of a row into the name of its folder, and each reader has its
own idea of what such a name means. So, with a warehouse in which some rows have no country, or an odd one:

1. `vainu-etl simulate` answers, `vainu-etl sync` publishes; DuckDB changes the country of a few rows of some tables;
2. `vainu-etl export` writes all tables in folders, below a folder that looks like a partition itself;
3. each reader reads each table as a whole, and finds as many rows of each country as the warehouse has.

Run by `make readers`. The readers come from PyPI, as the DuckDB of readers.py does. (Spark was tried by hand, with PySpark
4.3: it needs Java.)
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import readers
from readers import Failed, Session, Unavailable, expect, say

LIBRARIES = {"pandas": "3.1.1", "polars": "2.1.0", "pyarrow": "26.0.1"}
COMPANIES = 300

# What is done to the tables before the export; tables that nothing is done to have a country in every row.
CHANGES = {
    "customer_data": ["NULL"],
    "financial_statements": ["''"],
    "contacts": ["NULL", "''"],
    "prospect_technologies": ["'02'", "'true'", "'é'", "'NULL'"],
    "lead_prospects": ["'__HIVE_DEFAULT_PARTITION__'"],
    "target_group_members": ["'United States'"],
}
IN_FOLDERS = {"prospects", "companies", "target_group_members"}


# ---------------------------------------------------------------------------------------------------------------
# The reader: this same file, run by the Python of a virtual environment.


def counts(values):
    """How often each country is there, as pairs in an order of their own; NULL is null."""
    found = {}
    for value in values:
        value = None if value != value else value  # NaN is what pandas has for NULL
        found[value] = found.get(value, 0) + 1
    return sorted(found.items(), key=lambda pair: (pair[0] is None, str(pair[0])))


def read_tables(folder, names):
    """Each table as each library reads its folder."""
    import pandas
    import polars
    import pyarrow.dataset
    import pyarrow.parquet

    ways = {
        "pandas": lambda path: pandas.read_parquet(path)["country"].astype(object).tolist(),
        "pyarrow": lambda path: pyarrow.parquet.read_table(path)["country"].to_pylist(),
        "pyarrow.dataset": lambda path: pyarrow.dataset.dataset(path, partitioning="hive").to_table()["country"].to_pylist(),
        "polars": lambda path: polars.read_parquet(path)["country"].to_list(),
        "polars.scan": lambda path: polars.scan_parquet(path).select("country").collect()["country"].to_list(),
    }
    found = {}
    for name in names:
        for way, read in ways.items():
            try:
                found[f"{name} by {way}"] = counts(read(str(Path(folder) / name)))
            except Exception as error:  # any failure at all is what this test looks for
                found[f"{name} by {way}"] = f"{type(error).__name__}: {error}"
    print(json.dumps(found))


# ---------------------------------------------------------------------------------------------------------------
# The test.

CHANGE = """
import json, sys, duckdb
connection = duckdb.connect(sys.argv[1])
for table, values in json.loads(sys.argv[2]).items():
    for number, value in enumerate(values):
        rows = f"SELECT rowid FROM {table} ORDER BY rowid LIMIT 3 OFFSET {3 * number}"
        connection.execute(f"ALTER TABLE {table} ALTER COLUMN country DROP NOT NULL")
        connection.execute(f"UPDATE {table} SET country = {value} WHERE rowid IN ({rows})")
tables = connection.execute(
    "SELECT DISTINCT table_name FROM duckdb_columns() WHERE schema_name = 'main' AND column_name = 'country'"
    " AND table_name IN (SELECT table_name FROM duckdb_tables() UNION ALL SELECT 'companies')"
).fetchall()
print(json.dumps({
    table: connection.execute(
        f"SELECT country, count(*) FROM {table} GROUP BY country ORDER BY country IS NULL, country"
    ).fetchall()
    for table, in sorted(tables)
}))
connection.close()
"""


def output(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    expect(done.returncode == 0, f"`{command[0]}` failed: {done.stderr.strip()}")
    return done.stdout


def test(etl, duckdb, python):
    with Session() as session:
        folder = session.folder / "country=XX"
        folder.mkdir()
        warehouse = folder / "vainu.duckdb"
        port = readers.free_port()
        simulator = session.start([etl, "simulate", "--port", port, "--companies", COMPANIES], "simulate")
        readers.wait_for(
            lambda: readers.answers(port), readers.START_TIMEOUT_S, "the simulator answers", simulator, session.log("simulate")
        )
        streams = ["prospects", "target_groups", "target_group_members", "financial_statements", "customer_data"]
        streams += ["contacts", "technologies", "company_leads"]
        sync = session.start(
            [etl, *readers.sync_arguments(port, warehouse, streams=streams)], "sync", VAINU_API_KEY=readers.API_KEY
        )
        session.finish(sync, "sync")
        wanted = json.loads(output([duckdb, "-c", CHANGE, warehouse, json.dumps(CHANGES)]))

        to = folder / "out"
        export = session.start([etl, "--warehouse", warehouse, "export", "--to", to, "--partition-by", "country"], "export")
        session.finish(export, "export")
        manifest = json.loads((to / "manifest.json").read_text())
        tables = {table["name"]: table for table in manifest["tables"] if table["name"] in wanted}
        divided = {name for name, table in tables.items() if table["partitioned_by"] == ["country"]}
        expect(divided & (IN_FOLDERS | set(CHANGES)) == IN_FOLDERS, f"in folders: {sorted(divided)}")
        log = session.log("export").read_text()
        for name in set(CHANGES) - IN_FOLDERS:
            expect("whole_because" in tables[name], f"the manifest does not say why {name} is whole")
            expect(f"{name}: left whole" in log, f"`export` does not say why {name} is whole: {log}")

        found = json.loads(output([python, __file__, "--read", to / "current", *tables]))
        for what, read in found.items():
            rows = [list(pair) for pair in wanted[what.split()[0]]]
            rows.sort(key=lambda pair: (pair[0] is None, str(pair[0])))
            expect(read == rows, f"{what}: {read}, the warehouse has {rows}")
        say(f"{len(tables)} tables, {len(divided)} of them in folders, read in {len(found) // len(tables)} ways")


def main():
    if sys.argv[1:2] == ["--read"]:
        read_tables(sys.argv[2], sys.argv[3:])
        return 0
    try:
        etl = readers.binary()
        duckdb = readers.environment({"duckdb": readers.CLIENTS[-1]})
        test(etl, duckdb, readers.environment(LIBRARIES))
    except Unavailable as reason:
        if os.environ.get("CI"):
            say(f"FAILED, CI is set and there are no readers for Python: {reason}")
            return 1
        say(f"SKIPPED, there are no readers for Python: {reason}")
        return 0
    except Failed as reason:
        say(f"FAILED: {reason}")
        return 1
    say("exports passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
