#!/usr/bin/env python3
"""Opens the published file from two DuckDB clients for Python while `vainu-etl` replaces it.

What a BI tool or a notebook does: it opens the warehouse read-only with the DuckDB that it happens to carry,
reads, closes, and opens it again, whatever the loader is doing. So, for DuckDB 1.4.4 and 1.5.6:

1. `vainu-etl simulate` answers, with some latency; `vainu-etl sync` publishes a first generation;
2. two readers of each open the file again and again, while a second sync runs beside them, and quicker ones after it;
3. no open fails, each connection sees one generation and all of its rows, the generations come in their order, and
   at the end it is the last one.

Run by `make readers` (3 publishes beside the readers) and `make soak` (100). Uses the standard library only; DuckDB
comes from PyPI into virtual environments under ${XDG_CACHE_HOME:-~/.cache}/vainu-etl/venvs. Where these cannot be made
the test says why and is skipped, but fails when the environment variable CI is set.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

CLIENTS = ["1.4.4", "1.5.6"]  # the oldest DuckDB that is promised to read the file, and the one that wrote it
READERS_PER_CLIENT = 2
MIN_READS_DURING_SYNC = 3  # per client, begun and ended while the second sync ran
START_TIMEOUT_S = 60
SYNC_TIMEOUT_S = 300

# The command line of the product, in one place.
API_KEY = "dec0de0000000000000000000000000000000000000000000000000000dec0de"  # simulator::DEMO_API_KEY
STREAM = "prospects"


def simulate_arguments(port, companies):
    return ["simulate", "--port", str(port), "--companies", str(companies), "--switch", "latency=50"]


def sync_arguments(port, warehouse, *extra, streams=(STREAM,)):
    base_url = f"http://127.0.0.1:{port}/api/v1"
    return ["--base-url", base_url, "--warehouse", str(warehouse), "sync", *streams, *extra]


# Reads everything again and takes several seconds, so that the readers have something to run beside.
SLOWLY = ["--full", "--page-size", "500", "--concurrency", "2", "--requests-per-second", "10"]


# ---------------------------------------------------------------------------------------------------------------
# The reader: this same file, run by the Python of a virtual environment.

RUN_ID = "SELECT run_id FROM etl.runs ORDER BY started_at DESC, run_id DESC LIMIT 1"
RUN_IDS = "SELECT run_id FROM etl.runs ORDER BY started_at, run_id"


def read_once(duckdb, warehouse):
    """One connection: the run that it sees, before and after counting, and the counts."""
    begin = time.monotonic()
    connection = duckdb.connect(str(warehouse), read_only=True)
    try:
        scalar = lambda sql: connection.execute(sql).fetchone()[0]
        before = scalar(RUN_ID)
        counts = {
            "prospects": scalar("SELECT count(*) FROM prospects"),
            "companies": scalar("SELECT count(*) FROM companies"),
            "segment_by_turnover_band": scalar("SELECT count(*) FROM segment_by_turnover_band"),
            "rows of the run": scalar(f"SELECT sum(rows) FROM etl.runs WHERE run_id = ({RUN_ID})"),
            "runs": scalar("SELECT count(*) FROM etl.runs"),
            "generation": scalar("SELECT generation FROM etl.warehouse"),
        }
        after = scalar(RUN_ID)
    finally:
        connection.close()
    return {"begin": begin, "end": time.monotonic(), "before": before, "after": after, "counts": counts}


def reader(warehouse, stop):
    """Reads until the file `stop` appears; one JSON object per line on standard output."""
    import duckdb

    print(json.dumps({"version": duckdb.__version__}), flush=True)
    while True:
        last = Path(stop).exists()  # one more read after the stop: it must see the newest generation
        try:
            result = read_once(duckdb, warehouse)
        except Exception as error:  # any failure at all is what this test looks for
            result = {"begin": time.monotonic(), "error": f"{type(error).__name__}: {error}"}
        print(json.dumps(result), flush=True)
        if last:
            return


# ---------------------------------------------------------------------------------------------------------------
# The test.


class Failed(Exception):
    """The product did not do what this test expects."""


class Unavailable(Exception):
    """The surroundings do not let the test run."""


def say(text):
    print(f"readers: {text}", flush=True)


def expect(condition, message):
    if not condition:
        raise Failed(message)


def binary():
    """The binary to test: $VAINU_ETL, or what `cargo build` left."""
    if "VAINU_ETL" in os.environ:
        path = Path(os.environ["VAINU_ETL"])
    else:
        root = Path(__file__).resolve().parent.parent
        path = root / os.environ.get("CARGO_TARGET_DIR", "target") / "debug" / "vainu-etl"
    expect(path.is_file(), f"there is no binary `{path}`; run `make readers`, or set VAINU_ETL")
    return path.resolve()


def environment(packages):
    """The Python of a virtual environment that has exactly these versions; made when it is not there yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vainu-etl" / "venvs"
    names = "-".join(f"{name}-{version}" for name, version in packages.items())
    tag = f"{names}-py{sys.version_info.major}.{sys.version_info.minor}"
    folder = cache / tag
    python = folder / "bin" / "python"
    checks = (f"import {name}; assert {name}.__version__ == '{version}'" for name, version in packages.items())
    probe = [str(python), "-c", "; ".join(checks)]
    if python.exists() and subprocess.run(probe, capture_output=True).returncode == 0:
        return python

    say(f"making a virtual environment with {names}")
    shutil.rmtree(folder, ignore_errors=True)
    cache.mkdir(parents=True, exist_ok=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    install = [*pip, "install", "--only-binary", ":all:", *(f"{name}=={version}" for name, version in packages.items())]
    for command in ([sys.executable, "-m", "venv", str(folder)], install, probe):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"`{' '.join(command)}`: {error}") from error
        if done.returncode != 0:
            shutil.rmtree(folder, ignore_errors=True)
            reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise Unavailable(f"`{' '.join(command)}` failed: {' '.join(reason)}")
    return python


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def tail(path, lines=20):
    text = path.read_text(errors="replace").splitlines() if path.exists() else []
    return "".join(f"\n    {line}" for line in text[-lines:])


def wait_for(condition, seconds, what, process=None, log=None):
    deadline = time.monotonic() + seconds
    while not condition():
        if process is not None and process.poll() is not None:
            raise Failed(f"{what}: the process ended with status {process.returncode}{tail(log)}")
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {seconds} s{tail(log) if log else ''}")
        time.sleep(0.05)


def answers(port):
    """Whether an HTTP server answers on the port, with whatever status."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


class Session:
    """The processes of one test, all ended when it ends, and the folder that they work in."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="vainu-etl-readers-"))
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, command, name, **extra_environment):
        """Starts a process; its standard output goes to NAME.out, its standard error to NAME.log."""
        say("$ " + " ".join(str(part) for part in command))
        with open(self.folder / f"{name}.out", "wb") as out, open(self.folder / f"{name}.log", "wb") as log:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, **extra_environment},
            )
        self.processes.append(process)
        return process

    def log(self, name):
        return self.folder / f"{name}.log"

    def finish(self, process, name):
        """Waits for a process that has to succeed."""
        try:
            status = process.wait(timeout=SYNC_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise Failed(f"{name} did not end within {SYNC_TIMEOUT_S} s{tail(self.log(name))}") from None
        expect(status == 0, f"{name} ended with status {status}{tail(self.log(name))}")


def results(path):
    """What a reader has written so far; a line that is not whole yet is left for the next time."""
    text = path.read_text()
    lines = text[: text.rfind("\n") + 1].splitlines()
    return [json.loads(line) for line in lines]


def check_reads(client, reads, runs, companies, sync_begin, sync_end):
    """All that must hold for what one reader saw; gives the number of reads beside the slow sync."""
    generations = []
    during = 0
    for number, read in enumerate(reads, 1):
        expect("error" not in read, f"DuckDB {client}, read {number}: {read.get('error')}")
        expect(
            read["before"] == read["after"],
            f"DuckDB {client}, read {number}: run `{read['before']}` became `{read['after']}` in one connection",
        )
        counts = read["counts"]
        for table in ("prospects", "companies", "rows of the run"):
            expect(
                counts[table] == companies,
                f"DuckDB {client}, read {number}: {counts[table]} rows in `{table}`, expected {companies}",
            )
        expect(
            counts["runs"] == counts["generation"] and runs[counts["generation"] - 1] == read["before"],
            f"DuckDB {client}, read {number}: generation {counts['generation']} holds {counts['runs']} runs",
        )
        expect(
            counts["segment_by_turnover_band"] > 0,
            f"DuckDB {client}, read {number}: no rows in `segment_by_turnover_band`",
        )
        if not generations or generations[-1] != read["before"]:
            generations.append(read["before"])
        during += sync_begin <= read["begin"] and read["end"] <= sync_end
    expect(
        generations == [run for run in runs if run in generations],
        f"DuckDB {client} saw the runs {generations}, published were {runs}",
    )
    expect(
        generations[0] == runs[0] and generations[-1] == runs[-1] and runs[1] in generations,
        f"DuckDB {client} saw the runs {generations}, not the first two and the last of {runs}",
    )
    expect(
        during >= MIN_READS_DURING_SYNC,
        f"DuckDB {client}: only {during} reads fell into the second sync; it was too short to prove anything",
    )
    return during


def published_runs(python, warehouse):
    """The run ids that a fresh connection sees, in the order of publishing."""
    code = (
        "import sys, duckdb\n"
        "connection = duckdb.connect(sys.argv[1], read_only=True)\n"
        "print(*[run for run, in connection.execute(sys.argv[2]).fetchall()])\n"
    )
    done = subprocess.run([str(python), "-c", code, str(warehouse), RUN_IDS], capture_output=True, text=True)
    expect(done.returncode == 0, f"cannot read the published file: {done.stderr.strip()}")
    return done.stdout.split()


def test(etl, pythons, publishes, companies):
    with Session() as session:
        warehouse = session.folder / "vainu.duckdb"
        stop = session.folder / "stop"
        key = {"VAINU_API_KEY": API_KEY}

        port = free_port()
        simulator = session.start([etl, *simulate_arguments(port, companies)], "simulate")
        wait_for(lambda: answers(port), START_TIMEOUT_S, "the simulator answers", simulator, session.log("simulate"))

        sync = session.start([etl, *sync_arguments(port, warehouse)], "first-sync", **key)
        session.finish(sync, "first-sync")
        first = published_runs(pythons[CLIENTS[-1]], warehouse)
        say(f"first generation published: run {first[0]}")

        readers = {}
        for client, python in pythons.items():
            for number in range(1, READERS_PER_CLIENT + 1):
                name = f"{client}-{number}"
                readers[name] = session.start([python, __file__, "--reader", warehouse, stop], f"reader-{name}")
        for client, process in readers.items():
            out = session.folder / f"reader-{client}.out"
            log = session.log(f"reader-{client}")
            wait_for(lambda: len(results(out)) >= 2, START_TIMEOUT_S, f"DuckDB {client} reads", process, log)

        sync_begin = time.monotonic()
        sync = session.start([etl, *sync_arguments(port, warehouse, *SLOWLY)], "second-sync", **key)
        session.finish(sync, "second-sync")
        sync_end = time.monotonic()
        say(f"second generation published after {sync_end - sync_begin:.1f} s")
        for number in range(2, publishes + 1):
            sync = session.start([etl, "-q", *sync_arguments(port, warehouse, "--keep-raw", "1")], "next-sync", **key)
            session.finish(sync, "next-sync")
        runs = published_runs(pythons[CLIENTS[-1]], warehouse)
        expect(len(runs) == publishes + 1, f"{publishes} syncs published {len(runs) - 1} generations")

        stop.touch()
        for client, process in readers.items():
            session.finish(process, f"reader-{client}")
            version, *reads = results(session.folder / f"reader-{client}.out")
            expect(
                version == {"version": client.rsplit("-", 1)[0]}, f"the reader of DuckDB {client} says {version}"
            )
            during = check_reads(client, reads, runs, companies, sync_begin, sync_end)
            seen = len({read["before"] for read in reads})
            say(
                f"DuckDB {client}: {len(reads)} reads, {during} of them beside the slow sync, "
                f"{seen} of {len(runs)} generations seen, no error, no mixture"
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--publishes", type=int, default=3, help="syncs beside the readers")
    parser.add_argument("--companies", type=int, default=20_000)
    parser.add_argument("--reader", nargs=2, metavar=("WAREHOUSE", "STOP"), help="used by the test itself")
    arguments = parser.parse_args()
    if arguments.reader:
        reader(*arguments.reader)
        return 0
    try:
        etl = binary()
        pythons = {client: environment({"duckdb": client}) for client in CLIENTS}
        test(etl, pythons, arguments.publishes, arguments.companies)
    except Unavailable as reason:
        if os.environ.get("CI"):
            say(f"FAILED, CI is set and there is no DuckDB for Python: {reason}")
            return 1
        say(f"SKIPPED, there is no DuckDB for Python: {reason}")
        return 0
    except Failed as reason:
        say(f"FAILED: {reason}")
        return 1
    say("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
