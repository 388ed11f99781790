"""The same job with dlt: its rest_api source, from the simulator into a DuckDB file, for `speed.py dlt`.

dlt comes from PyPI into a virtual environment of its own. Its settings are the best that were found for this job:
pages of 1000, Parquet between its steps, two workers to normalise and load, no telemetry, no progress output.

Run by itself with a base URL and a DuckDB file, this file is the job.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

VERSION = "1.31.0"
COMPANIES = 100_000


def job(base_url, warehouse):
    import dlt
    from dlt.sources.rest_api import rest_api_source

    source = rest_api_source({
        "client": {
            "base_url": base_url + "/",
            "headers": {"API-Key": os.environ["VAINU_API_KEY"]},
            "paginator": {"type": "offset", "limit": 1000, "total_path": None, "stop_after_empty_page": True},
        },
        "resources": [{
            "name": "prospects",
            "primary_key": ["country", "business_id"],
            "write_disposition": "replace",
            "endpoint": {"path": "prospects/filter/", "params": {"order": "business_id"}, "data_selector": "$"},
        }],
    })
    pipeline = dlt.pipeline(
        "vainu", destination=dlt.destinations.duckdb(warehouse), dataset_name="vainu",
        pipelines_dir=str(Path(warehouse).parent / "dlt"),
    )
    pipeline.run(source, loader_file_format="parquet")


SETTINGS = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
    "NORMALIZE__WORKERS": "2",
    "LOAD__WORKERS": "2",
    "DATA_WRITER__BUFFER_MAX_ITEMS": "50000",
    "NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "50000",
}


def environment():
    """The Python of a virtual environment with dlt; made when it is not there yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vainu-etl" / "venvs"
    python = cache / f"dlt-{VERSION}-py{sys.version_info.major}.{sys.version_info.minor}" / "bin" / "python"
    probe = [python, "-c", "import dlt, duckdb, pyarrow"]
    if not python.exists() or subprocess.run(probe, capture_output=True).returncode != 0:
        subprocess.run([sys.executable, "-m", "venv", python.parent.parent], check=True)
        pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        subprocess.run([*pip, f"dlt[duckdb,parquet]=={VERSION}", "duckdb==1.5.6"], check=True)
    return python


FETCH_ALL = """
import json, os, sys, urllib.request
url = sys.argv[1] + "/prospects/filter/?order=business_id&limit=100000000&offset=0"
request = urllib.request.Request(url, headers={"API-Key": os.environ["VAINU_API_KEY"]})
with urllib.request.urlopen(request) as answer:
    print(json.dumps([(company["country"], company["business_id"]) for company in json.load(answer)]))
"""


def fetch_all(url):
    """The keys of all companies, in one answer of a simulator whose pages have no limit.

    In a process of its own: the peak of a process counts what its parent held when it was started.
    """
    done = subprocess.run([sys.executable, "-c", FETCH_ALL, url], check=True, capture_output=True, text=True)
    return {tuple(key) for key in json.loads(done.stdout)}


def compare(bench, simulator, run):
    from readers import API_KEY

    os.environ["VAINU_API_KEY"] = API_KEY
    python = environment()
    variables = {**os.environ, **SETTINGS}

    def ours(url, warehouse):
        return [bench.etl, "--base-url", url, "--warehouse", warehouse, "sync", "-q", "prospects"], "prospects WHERE _deleted_at IS NULL"

    def theirs(url, warehouse):
        return [python, __file__, url, warehouse], "vainu.prospects"

    def keys(warehouse, table):
        """Rows and distinct keys of what was loaded; nothing when there is no table."""
        code = (
            "import json\n"
            "try:\n"
            "    c = duckdb.connect(a[0], read_only=True)\n"
            "    print(json.dumps(c.execute('SELECT country, business_id FROM ' + a[1]).fetchall()))\n"
            "except duckdb.Error as error: print('[]')"
        )
        return [tuple(key) for key in json.loads(bench.duckdb(code, warehouse, table)["out"])]

    def right(found, wanted):
        """In words: whether every wanted company is there once."""
        missing, doubled = len(wanted - set(found)), len(found) - len(set(found))
        return "yes" if not missing and not doubled else f"no: {missing:,} missing, {doubled:,} double"

    table = {}
    for name, tool in (("vainu-etl", ours), (f"dlt {VERSION}", theirs)):
        warehouse = bench.fresh("peer.duckdb")
        clear = lambda: (bench.fresh("peer.duckdb"), bench.fresh("dlt"))
        with simulator(bench.etl, bench.folder, COMPANIES, "limit-max=none") as server:
            before = fetch_all(server.url)
            clear()
            command, found = tool(server.url, warehouse)
            cost = run(command, env=variables)
            rows = keys(warehouse, found)
            table |= {
                f"{name}: wall [s]": cost["wall"],
                f"{name}: processor [s]": cost["cpu"],
                f"{name}: peak memory of its largest process [MiB]": cost["peak"],
                f"{name}: rows": f"{len(rows):,}",
            }
            clear()
            # With the processes that it has started, which would wait for ever.
            victim = subprocess.Popen(
                [str(part) for part in command], env=variables, stdout=subprocess.DEVNULL, start_new_session=True
            )
            time.sleep(cost["wall"] / 2)
            os.killpg(victim.pid, signal.SIGKILL)
            victim.wait()
            seen = len(keys(warehouse, found))
            asked = len(server.log.read_text().splitlines())
            run(command, env=variables)
            again = len(server.log.read_text().splitlines()) - asked
            table[f"{name}: killed half-way, run again"] = (
                f"{right(keys(warehouse, found), before)}; readers saw {seen:,} rows between, {again} requests again"
            )
        with simulator(bench.etl, bench.folder, COMPANIES, "limit-max=500") as server:
            clear()
            command, found = tool(server.url, warehouse)
            run(command, env=variables)
            table[f"{name}: pages clamped to 500"] = right(keys(warehouse, found), before)
        with simulator(bench.etl, bench.folder, COMPANIES, "limit-max=none", "drift=5") as server:
            clear()
            command, found = tool(server.url, warehouse)
            done = subprocess.run([str(part) for part in command], env=variables, capture_output=True)
            throughout = before & fetch_all(server.url)
            loaded = [key for key in keys(warehouse, found) if key in throughout]
            table[f"{name}: list changes while it is read"] = (
                f"{right(loaded, throughout)}; exit code {done.returncode}"
            )
    return table


if __name__ == "__main__":
    job(*sys.argv[1:])
