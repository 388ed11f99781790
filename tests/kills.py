#!/usr/bin/env python3
"""Kills `vainu-etl sync` with `kill -9` at random times, again and again, and looks at what is there afterwards.

After every kill: the published file opens without a log beside it and is the old generation or the new one, as a
whole; no landed page is asked for again; no more pages are lost than were in flight. When a run comes to its end,
every company is there once, with every value as in a warehouse that was never disturbed. Then the API's companies
change, so that two generations cannot be mistaken for each other.

A kill is aimed at a phase (fetch, normalise, load, publish) and comes after a random part of the time that the
phase takes; where it really fell is read from the files, and the histogram is printed.

Run by `make kills` (30 kills) and `make soak` (300). DuckDB for Python comes as in readers.py.
"""

import argparse
import collections
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import readers
from readers import API_KEY, Failed, Session, Unavailable, answers, binary, environment, expect, free_port, wait_for

CONCURRENCY = 2
PAGE_SIZE = 50
WORLDS = [1500, 1540]  # companies that the API has, in turn
PHASES = ["fetch", "normalise", "load", "publish"]
PUBLISH_S = 0.02  # from the rename to the end of the process, about
MOST_SESSIONS_PER_KILL = 4


def say(text):
    print(f"kills: {text}", flush=True)


def entries(ledger):
    """What a ledger holds; a line that a kill cut short is none."""
    for line in ledger.read_bytes().split(b"\n"):
        try:
            entry = json.loads(line[17:])
        except ValueError:
            continue
        yield next(iter(entry.items())) if isinstance(entry, dict) else (entry, None)


class Warehouse:
    """The files of one warehouse."""

    def __init__(self, folder):
        self.path = folder / "vainu.duckdb"
        self.state = folder / "vainu.duckdb.etl"

    def run(self):
        """The entries of the latest run, by kind."""
        found = collections.defaultdict(list)
        ledgers = sorted(self.state.glob("landing/*[0-9a-f]/ledger.jsonl"))
        for kind, value in entries(ledgers[-1]) if ledgers else ():
            found[kind].append(value)
        return found

    def landed(self):
        """First rows of the pages of the unfinished run."""
        run = self.run()
        if "published" in run:
            return set()
        return {page["key"]["ask"]["page"]["offset"] for page in run["landed"]}

    def phase(self, inode):
        """Where a run is, or was when it was killed; `inode` is that of the file published before it."""
        if self.inode() != inode:
            return "publish"
        if (self.state / "staging" / "next.duckdb").exists():
            return "load"
        run = self.run()
        return "normalise" if run["judged"] and "published" not in run else "fetch"

    def inode(self):
        return self.path.stat().st_ino if self.path.exists() else None

    def read(self, duckdb):
        """Generation, companies and a hash over all their values; checks that the tables agree with each other."""
        expect(not Path(f"{self.path}.wal").exists(), "a write-ahead log lies beside the published file")
        if not self.path.exists():
            return 0, 0, None
        connection = duckdb.connect(str(self.path), read_only=True)
        try:
            one = lambda sql: connection.execute(sql).fetchone()
            (generation,) = one("SELECT generation FROM etl.warehouse")
            runs, lists = one("SELECT count(*), (SELECT count(*) FROM etl.streams) FROM etl.runs")
            expect(runs == lists == generation, f"generation {generation} holds {runs} runs and {lists} lists")
            received, complete = one("SELECT rows_received, complete FROM etl.streams ORDER BY run_id DESC LIMIT 1")
            live, keys, members = one(
                "SELECT count(*), count(DISTINCT (country, business_id)), (SELECT count(*) FROM etl.list_members)"
                " FROM prospects WHERE _deleted_at IS NULL"
            )
            expect(complete, f"generation {generation}: the list is not complete")
            expect(
                live == keys == members == received,
                f"generation {generation}: {received} rows received, {live} companies, {keys} keys, {members} members",
            )
            (views,) = one("SELECT sum(companies) FROM segment_by_turnover_band")
            expect(views == live, f"generation {generation}: {views} companies in a view, {live} in the table")
            columns = connection.execute(
                "SELECT string_agg('\"' || column_name || '\"', ', ' ORDER BY column_index) FROM duckdb_columns()"
                " WHERE table_name = 'prospects' AND schema_name = 'main' AND column_name NOT LIKE '\\_%' ESCAPE '\\'"
            ).fetchone()[0]
            rows = connection.execute(
                f"SELECT {columns} FROM prospects WHERE _deleted_at IS NULL ORDER BY country, business_id"
            ).fetchall()
        finally:
            connection.close()
        return generation, live, hashlib.sha256(repr(rows).encode()).hexdigest()


class Api:
    """The simulator; started again with other companies on the same port, so that a run stays the same run."""

    def __init__(self, session, etl):
        self.session, self.etl = session, etl
        self.port = free_port()
        self.log = session.folder / "requests.jsonl"
        self.process = None
        self.read_to = 0

    def serve(self, companies):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        options = ["--port", self.port, "--companies", companies, "--switch", "latency=4", "--request-log", self.log]
        self.process = subprocess.Popen(
            [str(part) for part in [self.etl, "-q", "simulate", *options]], stdout=subprocess.DEVNULL
        )
        self.session.processes.append(self.process)
        wait_for(lambda: answers(self.port), readers.START_TIMEOUT_S, "the simulator answers", self.process)
        self.asked()

    def asked(self):
        """First rows of the pages answered since the last call."""
        with open(self.log, "rb") as log:
            log.seek(self.read_to)
            text = log.read()
        whole = text[: text.rfind(b"\n") + 1]
        self.read_to += len(whole)
        requests = [json.loads(line) for line in whole.splitlines()]
        queries = [dict(request["query"]) for request in requests if request["status"] == 200]
        return [int(query["offset"]) for query in queries if "offset" in query]


class Test:
    def __init__(self, session, etl, duckdb, seed):
        self.session, self.etl, self.duckdb = session, etl, duckdb
        self.random = random.Random(seed)
        self.api = Api(session, etl)
        self.warehouse = Warehouse(session.folder)
        self.fell = collections.Counter()
        self.most_lost = 0
        self.sessions = 0

    def sync(self, warehouse):
        options = ["--page-size", PAGE_SIZE, "--concurrency", CONCURRENCY, "--keep", 1, "--keep-raw", 1]
        command = [self.etl, "-q", *readers.sync_arguments(self.api.port, warehouse.path), *options]
        self.sessions += 1
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stderr=open(self.session.log("sync"), "wb"),
            env={**os.environ, "VAINU_API_KEY": API_KEY},
        )

    def to_the_end(self, warehouse):
        status = self.sync(warehouse).wait(timeout=readers.SYNC_TIMEOUT_S)
        expect(status == 0, f"a sync ended with status {status}{readers.tail(self.session.log('sync'))}")

    def undisturbed(self):
        """What the file has to hold for each of the API's worlds, and how long the phases take."""
        wanted, took = [], {}
        for number, companies in enumerate(WORLDS):
            self.api.serve(companies)
            folder = self.session.folder / f"undisturbed-{number}"
            folder.mkdir()
            warehouse = Warehouse(folder)
            process = self.sync(warehouse)
            begin, phase = time.monotonic(), "fetch"
            while process.poll() is None:
                now = warehouse.phase(None)
                if now != phase:
                    took[phase], begin, phase = time.monotonic() - begin, time.monotonic(), now
                time.sleep(0.001)
            expect(process.returncode == 0, f"the undisturbed sync failed{readers.tail(self.session.log('sync'))}")
            _, live, content = warehouse.read(self.duckdb)
            expect(live == companies, f"the undisturbed sync loaded {live} of {companies} companies")
            wanted.append((live, content))
        took["publish"] = PUBLISH_S
        return wanted, {phase: took.get(phase, 0.05) for phase in PHASES}

    def aim(self):
        """The phase that was hit least so far, of those that the next session comes through."""
        run = self.warehouse.run()
        fetched = run["judged"] and "published" not in run
        ahead = PHASES[1:] if fetched else PHASES
        return min(ahead, key=lambda phase: (self.fell[phase], self.random.random()))

    def session_with_kill(self, took):
        """Runs a session and kills it somewhere in the phase aimed at. Where it fell; none when it ended before."""
        inode, aim = self.warehouse.inode(), self.aim()
        landed = self.warehouse.landed()
        process = self.sync(self.warehouse)
        while process.poll() is None and PHASES.index(self.warehouse.phase(inode)) < PHASES.index(aim):
            time.sleep(0.001)
        time.sleep(self.random.random() * took[aim])
        process.kill()
        status = process.wait()
        self.check_requests(landed)
        if status != -signal.SIGKILL:
            expect(status == 0, f"a sync ended with status {status}{readers.tail(self.session.log('sync'))}")
            return None
        return self.warehouse.phase(inode)

    def check_requests(self, landed):
        asked = self.api.asked()
        again = landed.intersection(asked)
        expect(not again, f"the pages at {sorted(again)} had landed and were asked for again")
        run = self.warehouse.run()
        kept = {page["key"]["ask"]["page"]["offset"] for page in run["landed"]}
        lost = [offset for offset in asked if offset not in kept]
        # A page holds one of twice as many slots as requests in flight until it is durable.
        expect(len(lost) <= 2 * CONCURRENCY, f"{len(lost)} pages were answered and are not kept")
        self.most_lost = max(self.most_lost, len(lost))

    def run(self, kills):
        wanted, took = self.undisturbed()
        say("phases take " + ", ".join(f"{phase} {seconds * 1000:.0f} ms" for phase, seconds in took.items()))
        world = generation = 0
        self.api.serve(WORLDS[world])
        killed = 0
        while killed < kills:
            expect(self.sessions < kills * MOST_SESSIONS_PER_KILL + 20, "too few of the sessions could be killed")
            fell = self.session_with_kill(took)
            if fell is not None:
                killed += 1
                self.fell[fell] += 1
            found, live, content = self.warehouse.read(self.duckdb)
            expect(found in (generation, generation + 1), f"generation {found} after generation {generation}")
            expect(
                found == generation or fell in (None, "publish"), f"generation {found} after a kill while in {fell}"
            )
            current = world if found > generation else 1 - world
            expect(found == 0 or (live, content) == wanted[current], f"generation {found} is not as it should be")
            if found > generation:
                # The run may not be recorded yet; if it is, the same command loads once more.
                if "published" not in self.warehouse.run():
                    self.to_the_end(self.warehouse)
                    expect(not self.api.asked(), "a run that was published asked for pages")
                    expect(self.warehouse.read(self.duckdb) == (found, live, content), "it published twice")
                generation, world = found, 1 - world
                self.api.serve(WORLDS[world])
        self.to_the_end(self.warehouse)
        expect(
            self.warehouse.read(self.duckdb) == (generation + 1, *wanted[world]), "the last generation is not equal"
        )
        left = [path.name for path in (self.warehouse.state / "staging").iterdir()]
        expect(not left, f"left in the staging folder: {left}")
        left = sorted(path.name for path in self.session.folder.glob("vainu*"))
        expect(left == ["vainu.duckdb", "vainu.duckdb.etl"], f"beside the warehouse: {left}")
        say(f"{killed} kills in {self.sessions} sessions, {generation + 1} generations, none of them damaged")
        say(f"at most {self.most_lost} pages of a kill were answered and not kept")
        for phase in PHASES:
            say(f"  {phase:9} {self.fell[phase]:4} {'#' * self.fell[phase]}")
        if kills >= 30:
            expect(all(self.fell[phase] for phase in PHASES), f"not every phase was hit: {dict(self.fell)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=None, help="chooses the times; printed at the start")
    parser.add_argument("--with-duckdb", action="store_true", help="used by the test itself")
    arguments = parser.parse_args()
    seed = random.randrange(1 << 32) if arguments.seed is None else arguments.seed
    try:
        etl = binary()
        if not arguments.with_duckdb:
            python = environment(readers.CLIENTS[-1])
            own = [python, __file__, "--with-duckdb", "--kills", arguments.kills, "--seed", seed]
            return subprocess.run([str(part) for part in own]).returncode
        import duckdb

        say(f"--seed {seed}")
        with Session() as session:
            Test(session, etl, duckdb, seed).run(arguments.kills)
    except Unavailable as reason:
        say(f"{'FAILED, CI is set and' if os.environ.get('CI') else 'SKIPPED,'} there is no DuckDB: {reason}")
        return 1 if os.environ.get("CI") else 0
    except Failed as reason:
        say(f"FAILED: {reason}")
        return 1
    say("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
