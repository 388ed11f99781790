#!/usr/bin/env python3
"""Opens XLSX and CSV files of `vainu-etl` in LibreOffice and compares every value with what went in.

`vainu-etl simulate` and `sync` make a warehouse; `query -o` and `export --format xlsx` write workbooks; LibreOffice, without
a window, converts each to CSV with the values as they are stored. What must come out:

1. texts as they went in: ids and postal codes with their zeros, formulas and links as text, 17 digits of a long number;
2. numbers, dates and booleans as the numbers, dates and booleans that DuckDB has;
3. every row of an exported table, its business ids among them;
4. a CSV with byte order mark, semicolons and decimal commas opens with the same numbers where a comma is the decimal sign.

Run by `make sheets`. Uses the standard library only. Without LibreOffice (`soffice` on the PATH) it says so and is
skipped.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TIMEOUT_S = 300
API_KEY = "dec0de0000000000000000000000000000000000000000000000000000dec0de"  # simulator::DEMO_API_KEY

# Token 8 of the filter: values as stored instead of as shown. Separator, quotes and UTF-8 before it.
TO_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false"

# Column, SQL, and the value that LibreOffice must have. Dates are written as they are shown.
VALUES = [
    ("postal_code", "'00123'", "00123"),
    ("business_id", "'0112038-9'", "0112038-9"),
    ("long_id", "'123456789012345678'", "123456789012345678"),
    ("formula", "'=1+1'", "=1+1"),
    ("at", "'@SUM(A1)'", "@SUM(A1)"),
    ("link", "'https://example.com/?a=1&b=<2>'", "https://example.com/?a=1&b=<2>"),
    ("escape", "'_x0041_'", "_x0041_"),
    ("name", "'Ääkköset \"Oy\", 株式会社 😀'", 'Ääkköset "Oy", 株式会社 😀'),
    ("whole", "42", "42"),
    ("minus", "-7::BIGINT", "-7"),
    ("fifteen", "999999999999999::BIGINT", "999999999999999"),
    ("eighteen", "123456789012345678::BIGINT", "123456789012345678"),
    ("huge", "170141183460469231731687303715884105727::HUGEINT", "170141183460469231731687303715884105727"),
    ("euros", "1234.50::DECIMAL(18,2)", "1234.5"),
    ("wide", "1234567890123456.78::DECIMAL(18,2)", "1234567890123456.78"),
    ("share", "0.1::DOUBLE", "0.1"),
    ("not_a_number", "'nan'::DOUBLE", "nan"),
    ("yes", "true", "TRUE"),
    ("no", "false", "FALSE"),
    ("day", "DATE '2024-02-29'", "2024-02-29"),
    ("first_day", "DATE '1900-03-01'", "1900-03-01"),
    ("old_day", "DATE '1865-05-12'", "1865-05-12"),
    ("moment", "TIMESTAMP '2026-11-30 23:59:59'", "2026-11-30 23:59:59"),
    ("zoned", "TIMESTAMPTZ '2026-07-01 12:00:00+02'", "2026-07-01 10:00:00"),
    ("never", "TIMESTAMP 'infinity'", "infinity"),
    ("clock", "TIME '24:00:00'", "24:00:00"),
    ("nothing", "NULL::INTEGER", ""),
    ("list", "[1, 2]", "[1, 2]"),
]


def binary():
    """The binary as `make` builds it."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    found = target / "debug" / "vainu-etl"
    if not found.exists():
        sys.exit(f"{found} is not there: run `make sheets`, which builds it")
    return str(found.resolve())


def run(arguments, folder, environment=None):
    done = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def warehouse(etl, folder):
    """A published file with 300 companies."""
    server = subprocess.Popen(
        [etl, "-q", "simulate", "--port", "0", "--companies", "300"], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    try:
        url = server.stdout.readline().strip()
        environment = {**os.environ, "VAINU_API_KEY": API_KEY}
        run([etl, "-q", "--base-url", url, "sync", "prospects"], folder, environment)
    finally:
        server.terminate()
        server.wait()


def converted(office, file, folder, *options):
    """The rows of a sheet as LibreOffice has them."""
    out = folder / "converted"
    profile = f"-env:UserInstallation=file://{folder}/profile"
    run([office, profile, "--headless", "--convert-to", TO_CSV, "--outdir", out, *options, file], folder)
    text = (out / f"{Path(file).stem}.csv").read_text(encoding="utf-8-sig")
    return list(csv.reader(text.splitlines()))


def compare(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: LibreOffice has {found!r}, expected {expected!r}")


def main():
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        print("skipped: LibreOffice is not installed (no `soffice` on the PATH)")
        return
    etl = binary()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        warehouse(etl, folder)

        sql = "SELECT " + ", ".join(f"{value} AS {column}" for column, value, _ in VALUES)
        run([etl, "query", sql, "-o", "values.xlsx"], folder)
        header, row = converted(office, folder / "values.xlsx", folder)
        compare("the header", header, [column for column, _, _ in VALUES])
        for (column, _, expected), found in zip(VALUES, row, strict=True):
            compare(f"column {column}", found, expected)

        run([etl, "export", "--to", "out", "--format", "xlsx", "--tables", "prospects"], folder)
        manifest = json.loads((folder / "out" / "manifest.json").read_text())
        file = folder / "out" / manifest["tables"][0]["files"][0]["path"]
        header, *rows = converted(office, file, folder)
        compare("rows of the export", len(rows), 300)
        keys = ["country", "business_id", "company_name"]
        wanted = run([etl, "query", f"SELECT {', '.join(keys)} FROM prospects ORDER BY 1, 2", "--format", "csv", "--raw"], folder)
        places = [header.index(key) for key in keys]
        for found, expected in zip(rows, list(csv.reader(wanted.splitlines()))[1:], strict=True):
            compare("a company", [found[place] for place in places], expected)

        options = ["--bom", "--decimal-comma"]
        run([etl, "query", "SELECT 'Öy' AS name, 1234.5 AS euros", "-o", "comma.csv", *options], folder)
        # 59: semicolon; 1031: German, where a comma is the decimal sign.
        rows = converted(office, folder / "comma.csv", folder, "--infilter=CSV:59,34,76,1,,1031")
        compare("a CSV with commas", rows, [["name", "euros"], ["Öy", "1234.5"]])
    print(f"LibreOffice has what DuckDB has: {len(VALUES)} kinds of values, 300 companies, a CSV with commas")


if __name__ == "__main__":
    main()
