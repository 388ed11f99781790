#!/usr/bin/env python3
"""What a `sync` costs, measured beside what it cannot be cheaper than, in the same run on the same machine.

    make bench                               everything but the peer
    python3 benches/speed.py sync memory     single parts, by name
    python3 benches/speed.py dlt             the same job with dlt, installed from PyPI

Every figure of wall time is the median of several runs that take turns with their yardsticks, because machines are
noisy; what counts is the ratio. Needs the release binary, or the one that $VAINU_ETL names. benches/README.md says
what each part means and what it gave.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from readers import API_KEY, answers, environment, free_port  # noqa: E402: the path comes first

DUCKDB = "1.5.6"  # the version that the project links
RUNS = 7


def run(command, **options):
    """Runs a command to its end; gives wall seconds, processor seconds, peak MiB and what it printed."""
    begin = time.monotonic()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen([str(part) for part in command], stdout=out, stderr=subprocess.PIPE, **options)
        error = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - begin
        if process.returncode != 0:
            sys.exit(f"{command} ended with {process.returncode}: {error.decode(errors='replace')[-2000:]}")
        out.seek(0)
        text = out.read().decode(errors="replace")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss / 1024, "out": text}


def median(results, field="wall"):
    return statistics.median(result[field] for result in results)


def ratio(ours, *yardsticks):
    """The median over rounds of what ours took by what the yardsticks of the same round took together.

    The machine is slower at times: what ran at the same time is compared.
    """
    rounds = zip(ours, *yardsticks, strict=True)
    return statistics.median(one["wall"] / sum(other["wall"] for other in others) for one, *others in rounds)


class Simulator:
    """The simulator as a process of its own, with a log of its requests."""

    def __init__(self, etl, folder, companies, *switches):
        self.log = folder / "requests.jsonl"
        self.log.unlink(missing_ok=True)
        self.port = free_port()
        arguments = ["simulate", "--port", self.port, "--companies", companies, "--request-log", self.log, "-q"]
        for switch in switches:
            arguments += ["--switch", switch]
        self.process = subprocess.Popen(
            [str(part) for part in [etl, *arguments]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while not answers(self.port):
            if self.process.poll() is not None:
                sys.exit("the simulator ended")
            time.sleep(0.05)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/api/v1"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Bench:
    def __init__(self, etl, folder):
        self.etl, self.folder = etl, folder
        self.python = environment({"duckdb": DUCKDB})
        self.results = {}

    def sync(self, simulator, warehouse, *options, streams=("prospects",)):
        """One `sync` of some streams, of the default ones when none is named; gives its cost and its report."""
        report = self.folder / "report.json"
        command = [self.etl, "--base-url", simulator.url, "--warehouse", warehouse, "sync", "-q", "--report", report]
        cost = run([*command, *streams, *options], env={**os.environ, "VAINU_API_KEY": API_KEY})
        return {**cost, "report": json.loads(report.read_text())}

    def duckdb(self, code, *arguments):
        """Runs Python code in a process with DuckDB, whose variable `a` has the arguments."""
        return run([self.python, "-c", f"import duckdb, os, sys; a = sys.argv[1:]\n{code}", *arguments])

    def fresh(self, name):
        """The path of a warehouse that does not exist."""
        path = self.folder / name
        for old in self.folder.glob(f"{name}*"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        return path

    def floor(self, simulator, log, *folder):
        """The same requests once more, thrown away."""
        base = [self.floor_binary(), simulator.url, log, "8", *folder]
        cost = run(base)
        return {**cost, **json.loads(cost["out"])}

    def floor_binary(self):
        """The benchmark `floor`, built as the binary is."""
        if "VAINU_FLOOR" in os.environ:
            return os.environ["VAINU_FLOOR"]
        features = os.environ.get("CARGO_FEATURES", "").split()
        command = ["cargo", "bench", "--locked", *features, "--bench", "floor", "--no-run", "--message-format=json"]
        built = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        lines = [json.loads(line) for line in built.stdout.splitlines() if line.startswith("{")]
        (path,) = [line["executable"] for line in lines if line.get("target", {}).get("name") == "floor"]
        os.environ["VAINU_FLOOR"] = path
        return path

    # -----------------------------------------------------------------------------------------------------------

    def start(self):
        """Start-up time, size, dependencies."""
        times = [run([self.etl, "--version"])["wall"] * 1000 for _ in range(20)]
        tree = subprocess.run(
            ["cargo", "tree", "--locked", "-e", "normal", "--prefix", "none"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )
        crates = {line.split(" (")[0] for line in tree.stdout.splitlines() if line}
        return {
            "--version, median of 20 [ms]": statistics.median(times),
            "binary [MiB]": Path(self.etl).stat().st_size / 2**20,
            "crates compiled in": len(crates) - 1,
        }

    def sync_200k(self):
        """A first load of 200,000 prospects against F, L and J."""
        load = (
            "c = duckdb.connect(a[1]); c.execute('SET preserve_insertion_order = false');"
            "c.execute(f\"CREATE TABLE t AS SELECT * FROM read_parquet('{a[0]}')\"); c.execute('CHECKPOINT')"
        )
        read_json = (
            "c = duckdb.connect(a[1]); c.execute('SET preserve_insertion_order = false');"
            "c.execute(f\"CREATE TABLE t AS SELECT * FROM read_json('{a[0]}/*.json')\"); c.execute('CHECKPOINT')"
        )
        pages = self.folder / "pages"
        pages.mkdir(exist_ok=True)
        parquet = self.folder / "rows.parquet"
        runs = {"sync": [], "again": [], "F": [], "L": [], "J": []}
        with Simulator(self.etl, self.folder, 200_000, "remember=true") as simulator:
            warehouse = self.fresh("bench.duckdb")
            self.sync(simulator, warehouse)
            log = self.folder / "run.jsonl"
            shutil.copy(simulator.log, log)
            self.floor(simulator, log, pages)
            self.duckdb(
                "c = duckdb.connect(a[0], read_only=True);"
                "c.execute(f\"COPY prospects TO '{a[1]}' (COMPRESSION zstd)\")", warehouse, parquet,
            )
            for _ in range(RUNS):
                runs["again"].append(self.sync(simulator, warehouse))
                runs["sync"].append(self.sync(simulator, self.fresh("bench.duckdb")))
                runs["F"].append(self.floor(simulator, log))
                runs["L"].append(self.duckdb(load, parquet, self.fresh("l.duckdb")))
                runs["J"].append(self.duckdb(read_json, pages, self.fresh("j.duckdb")))
        wall = {name: median(results) for name, results in runs.items()}
        steps = {
            f"  {step} [s]": statistics.median(dict(result["report"]["seconds"])[step] for result in runs["sync"])
            for step, _ in runs["sync"][0]["report"]["seconds"]
        }
        return {
            "sync, first load [s]": wall["sync"],
            **steps,
            "sync, processor [s]": median(runs["sync"], "cpu"),
            "sync again, nothing changed [s]": wall["again"],
            "F: same pages fetched, thrown away [s]": wall["F"],
            "L: same rows from Parquet into DuckDB [s]": wall["L"],
            "J: DuckDB's read_json of the same pages [s]": wall["J"],
            "sync / (F + L), at most 1.6": ratio(runs["sync"], runs["F"], runs["L"]),
            "sync / J, at most 1.6": ratio(runs["sync"], runs["J"]),
            "JSON received [MB]": runs["sync"][0]["report"]["bytes"] / 1e6,
        }

    def memory(self):
        """Peak resident memory of `sync`, first and second load."""
        found = {}
        for companies in (200_000, 1_000_000):
            with Simulator(self.etl, self.folder, companies) as simulator:
                warehouse = self.fresh("memory.duckdb")
                for load in ("first", "second"):
                    cost = self.sync(simulator, warehouse)
                    found[companies, load] = cost
        table = {f"{companies:,} prospects, {load} load [MiB]": cost["peak"] for (companies, load), cost in found.items()}
        table |= {f"{companies:,} prospects, {load} load [s]": cost["wall"] for (companies, load), cost in found.items()}
        peak = lambda companies: max(cost["peak"] for (number, _), cost in found.items() if number == companies)
        table["growth from 200,000 to 1,000,000 [%], under 15"] = (peak(1_000_000) / peak(200_000) - 1) * 100
        return table

    def latency(self):
        """50 ms of latency and 8 requests in flight: how much of what these 8 could do is used."""
        with Simulator(self.etl, self.folder, 100_000, "latency=50") as simulator:
            cost = self.sync(simulator, self.fresh("latency.duckdb"), "--page-size", "50", "--concurrency", "8")
        report = cost["report"]
        fetch = dict(report["seconds"])["fetch"]
        return {
            "requests": report["requests"],
            "fetch [s]": fetch,
            "of what 8 in flight could do [%], at least 90": report["requests"] * 0.05 / 8 / fetch * 100,
        }

    def fanout(self):
        """50,000 companies, a request each, 20 ms of latency, 16 in flight: how much of what these 16 could do is used."""
        streams = ("financial_statements", "details", "contacts")
        with Simulator(self.etl, self.folder, 50_000, "latency=20") as simulator:
            cost = self.sync(simulator, self.fresh("fanout.duckdb"), "--concurrency", "16", streams=streams)
        report = cost["report"]
        seconds = dict(report["seconds"])
        return {
            "requests": report["requests"],
            "fetch [s]": seconds["fetch"],
            "normalise [s]": seconds["normalise"],
            "load [s]": seconds["load"],
            "peak [MiB]": cost["peak"],
            "of what 16 in flight could do [%], at least 90": report["requests"] * 0.02 / 16 / seconds["fetch"] * 100,
        }

    def streams(self):
        """Peak resident memory and time of `sync` with all default streams, first and second load."""
        table = {}
        with Simulator(self.etl, self.folder, 200_000) as simulator:
            warehouse = self.fresh("streams.duckdb")
            for load in ("first", "second"):
                cost = self.sync(simulator, warehouse, streams=())
                table[f"200,000 companies, default streams, {load} load [MiB], under 300"] = cost["peak"]
                table[f"200,000 companies, default streams, {load} load [s]"] = cost["wall"]
                table[f"  requests, {load} load"] = cost["report"]["requests"]
        return table

    def rate(self):
        """A server that answers 429 above 50 requests a second."""
        with Simulator(self.etl, self.folder, 100_000, "rate-limit=50") as simulator:
            cost = self.sync(simulator, self.fresh("rate.duckdb"), "--page-size", "50")
            lines = [json.loads(line) for line in simulator.log.read_text().splitlines()]
        fetch = dict(cost["report"]["seconds"])["fetch"]
        seconds = lambda line: time.mktime(time.strptime(line["time"][:19], "%Y-%m-%dT%H:%M:%S"))
        begin = seconds(lines[0])
        late = [line for line in lines if seconds(line) > begin + 10]
        refused = sum(line["status"] == 429 for line in late)
        good = sum(line["status"] != 429 for line in lines)
        return {
            "requests answered": good,
            "answered per second of 50 allowed [%], at least 90": good / fetch / 50 * 100,
            "429 after ten seconds [%], under 1": refused / max(len(late), 1) * 100,
        }

    def export(self):
        """`export` of 1,000,000 prospects to zstd Parquet against DuckDB's own COPY of the same table."""
        copy = (
            "c = duckdb.connect(a[0], read_only=True);"
            "c.execute(f\"COPY prospects TO '{a[1]}' (FORMAT parquet, COMPRESSION zstd)\")"
        )
        with Simulator(self.etl, self.folder, 1_000_000) as simulator:
            warehouse = self.fresh("export.duckdb")
            self.sync(simulator, warehouse)
        ours, theirs = [], []
        parquet = self.folder / "copy.parquet"
        for _ in range(RUNS):
            to = self.fresh("exported")
            ours.append(run([self.etl, "--warehouse", warehouse, "export", "-q", "--to", to, "--tables", "prospects"]))
            theirs.append(self.duckdb(copy, warehouse, parquet))
        size = sum(file.stat().st_size for file in to.rglob("*.parquet"))
        return {
            "export [s]": median(ours),
            "COPY [s]": median(theirs),
            "export / COPY, time, at most 1": ratio(ours, theirs),
            "export [MB]": size / 1e6,
            "COPY [MB]": parquet.stat().st_size / 1e6,
            "export / COPY, size, at most 1": size / parquet.stat().st_size,
        }

    def dlt(self):
        """The same job with dlt; see dlt_peer.py."""
        from dlt_peer import compare

        return compare(self, Simulator, run)


PARTS = {
    "start": Bench.start,
    "sync": Bench.sync_200k,
    "memory": Bench.memory,
    "latency": Bench.latency,
    "fanout": Bench.fanout,
    "streams": Bench.streams,
    "rate": Bench.rate,
    "export": Bench.export,
    "dlt": Bench.dlt,
}


def machine():
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    return f"{os.cpu_count()} cores, {model}, {platform.system()} {platform.release().split('-')[0]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=f"any of {', '.join(PARTS)}; all but dlt when none is named")
    wanted = parser.parse_args().parts or [name for name in PARTS if name != "dlt"]
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        parser.error(f"no part is named {', '.join(unknown)}; there are {', '.join(PARTS)}")
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    etl = Path(os.environ.get("VAINU_ETL", target / "release" / "vainu-etl")).resolve()
    if not etl.is_file():
        sys.exit(f"there is no binary `{etl}`: run `make release`, or set VAINU_ETL")
    print(f"{machine()}; {etl.name} of {time.strftime('%Y-%m-%d', time.gmtime(etl.stat().st_mtime))}\n")
    with tempfile.TemporaryDirectory(prefix="vainu-etl-bench-") as folder:
        bench = Bench(etl, Path(folder))
        for name in wanted:
            print(f"{name}: {PARTS[name].__doc__}\n\n| measure | value |\n|---|---:|")
            for measure, value in PARTS[name](bench).items():
                text = value if isinstance(value, str) else f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"
                print(f"| {measure} | {text} |")
            print(flush=True)


if __name__ == "__main__":
    main()
