#!/usr/bin/env python3
"""Kills `vainu-etl sync` with `kill -9` at random times, again and again, and looks at what is there afterwards.

After every kill: the published file opens without a log beside it and is the old generation or the new one, as a
whole; no landed page is asked for again; no more answers are lost than were in flight or waited for their bundle. When a
run comes to its end, every company is there once, and every table has every value as in a warehouse that was never
disturbed. Then the API's companies change, so that two generations cannot be mistaken for each other.

All default streams are loaded: ordered, unordered and numbered lists, lists in one answer, and a request for each
company.

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
WORLDS = [500, 520]  # companies that the API has, in turn
STREAMS = 6  # that are loaded when none is named
PHASES = ["fetch", "normalise", "load", "publish"]
PUBLISH_S = 0.02  # from the rename to the end of the process, about
MOST_SESSIONS_PER_KILL = 4
# A page holds one of twice as many slots as requests in flight until it is durable.
MOST_PAGES_LOST = 2 * CONCURRENCY
# Answers about companies in flight, and the bundles of 64 that are filled and written meanwhile: one and two.
MOST_ANSWERS_LOST = 2 * CONCURRENCY + 3 * 64


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

    def landed(self, run=None):
        """What the pages of a run are, of the unfinished one unless told otherwise."""
        if run is None:
            run = self.run()
            if "published" in run:
                return set()
        lists = dict(enumerate(run["opened"][0]["lists"])) if run["opened"] else {}
        lists |= {found["index"]: found["list"] for found in run["found"]}
        pages = {self.page(lists[page["key"]["list"]], page["key"]["ask"]) for page in run["landed"]}
        for answers in run["answered"]:
            stream = lists[answers["list"]]["stream"]
            pages |= {(stream, company.replace("/", ""), None) for company in answers["companies"]}
        return pages

    @staticmethod
    def page(of, ask):
        """Stream, target group and position of a page, as `Api.asked` names them."""
        (kind, values), = ask.items()
        position = {"page": "offset", "numbered": "page", "whole": None}[kind]
        return of["stream"], of.get("parent"), position and values[position]

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
        """Generation, companies and contents; checks that the tables agree with each other."""
        expect(not Path(f"{self.path}.wal").exists(), "a write-ahead log lies beside the published file")
        if not self.path.exists():
            return 0, 0, None
        connection = duckdb.connect(str(self.path), read_only=True)
        try:
            one = lambda sql: connection.execute(sql).fetchone()
            (generation,) = one("SELECT generation FROM etl.warehouse")
            runs, listed = one("SELECT count(*), (SELECT count(DISTINCT run_id) FROM etl.streams) FROM etl.runs")
            expect(runs == listed == generation, f"generation {generation} holds {runs} runs, {listed} with lists")
            latest = "FROM etl.streams WHERE run_id = (SELECT max(run_id) FROM etl.runs)"
            received, complete, streams = one(
                f"SELECT sum(rows_received) FILTER (stream = 'prospects'), bool_and(complete), count(DISTINCT stream) {latest}"
            )
            live, keys, members = one(
                "SELECT count(*), count(DISTINCT (country, business_id)),"
                " (SELECT count(*) FROM etl.list_members WHERE stream = 'prospects')"
                " FROM prospects WHERE _deleted_at IS NULL"
            )
            expect(complete, f"generation {generation}: a list is not complete")
            expect(streams == STREAMS, f"generation {generation}: lists of {streams} streams")
            expect(
                live == keys == members == received,
                f"generation {generation}: {received} rows received, {live} companies, {keys} keys, {members} members",
            )
            (views,) = one("SELECT sum(companies) FROM segment_by_turnover_band")
            expect(views == live, f"generation {generation}: {views} companies in a view, {live} in the table")
            content, leads = hashlib.sha256(), set()
            tables = connection.execute(
                "SELECT table_name, string_agg('\"' || column_name || '\"', ', ' ORDER BY column_index) FROM duckdb_columns()"
                " WHERE schema_name = 'main' AND NOT internal AND NOT starts_with(column_name, '_')"
                " AND table_name IN (SELECT table_name FROM duckdb_tables()) GROUP BY ALL ORDER BY ALL"
            ).fetchall()
            for table, columns in tables:
                # What is known of companies that disappeared stays, as they do themselves.
                known = "(SELECT country, business_id FROM prospects WHERE _deleted_at IS NULL)"
                about_companies = "business_id" in columns and table != "customer_data"
                where = f"WHERE (country, business_id) IN {known}" if about_companies else ""
                rows = connection.execute(f"SELECT {columns} FROM {table} {where} ORDER BY ALL").fetchall()
                if table.startswith("lead"):
                    leads |= {(table, *row) for row in rows}
                else:
                    content.update(repr((table, rows)).encode())
        finally:
            connection.close()
        return generation, live, (content.hexdigest(), leads)


class Api:
    """The simulator; started again with other companies on the same port, so that a run stays the same run."""

    def __init__(self, session, etl):
        self.session, self.etl = session, etl
        self.port = free_port()
        self.log = session.folder / "requests.jsonl"
        self.now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())  # the leads that there are depend on it
        self.process = None
        self.read_to = 0

    def serve(self, companies):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        options = ["--port", self.port, "--companies", companies, "--switch", "latency=4", "--now", self.now]
        options += ["--request-log", self.log]
        self.process = subprocess.Popen(
            [str(part) for part in [self.etl, "-q", "simulate", *options]], stdout=subprocess.DEVNULL
        )
        self.session.processes.append(self.process)
        wait_for(lambda: answers(self.port), readers.START_TIMEOUT_S, "the simulator answers", self.process)
        self.asked()

    def asked(self):
        """Stream, target group or company, and position of the pages answered since the last call."""
        with open(self.log, "rb") as log:
            log.seek(self.read_to)
            text = log.read()
        whole = text[: text.rfind(b"\n") + 1]
        self.read_to += len(whole)
        requests = [json.loads(line) for line in whole.splitlines()]
        pages = [self.page(request) for request in requests if request["status"] == 200]
        return [page for page in pages if page is not None]

    @staticmethod
    def page(request):
        """What a request asked for; none when only for a number."""
        path, query = request["path"].split("/api/v1/")[1].strip("/").split("/"), dict(request["query"])
        offset = int(query["offset"]) if "offset" in query else None
        match path:
            case ["prospects", "filter"]:
                return ("prospects", None, offset) if offset is not None else None
            case ["target_group", group]:
                return ("target_group_members", group, offset) if offset is not None else None
            case ["target_group", group, "leads"]:
                return "leads", group, None
            case ["target_groups"]:
                return "target_groups", None, None
            case ["customer_data"]:
                return "customer_data", None, int(query["page"])
            case ["prospect", company, stream]:
                return stream, company, None
        raise Failed(f"nobody expects {request}")


class Test:
    def __init__(self, session, etl, duckdb, seed):
        self.session, self.etl, self.duckdb = session, etl, duckdb
        self.random = random.Random(seed)
        self.api = Api(session, etl)
        self.warehouse = Warehouse(session.folder)
        self.fell = collections.Counter()
        self.most_lost = self.most_answers_lost = 0
        self.sessions = 0

    def sync(self, warehouse):
        options = ["--page-size", PAGE_SIZE, "--concurrency", CONCURRENCY, "--keep", 1, "--keep-raw", 1]
        command = [self.etl, "-q", *readers.sync_arguments(self.api.port, warehouse.path, streams=()), *options]
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
        expect(not again, f"the pages {sorted(map(str, again))[:5]} had landed and were asked for again")
        run = self.warehouse.run()
        kept = self.warehouse.landed(run)
        lost = [page for page in asked if page not in kept]
        answers = sum(stream == "financial_statements" for stream, *_ in lost)
        pages = len(lost) - answers
        expect(pages <= MOST_PAGES_LOST, f"{pages} pages were answered and are not kept")
        expect(answers <= MOST_ANSWERS_LOST, f"{answers} answers about companies came and are not kept")
        self.most_lost = max(self.most_lost, pages)
        self.most_answers_lost = max(self.most_answers_lost, answers)

    @staticmethod
    def compare(found, live, content, wanted, world):
        """Leads stay when the API no longer has them; everything else is as the API's world has it."""
        if found == 0:
            return
        (tables, leads), (companies, (wanted_tables, wanted_leads)) = content, wanted[world]
        expect((live, tables) == (companies, wanted_tables), f"generation {found} is not as it should be")
        expect(wanted_leads <= leads, f"generation {found} lacks {len(wanted_leads - leads)} rows about leads")
        known = wanted_leads.union(*(leads for _, (_, leads) in wanted))
        expect(leads <= known, f"generation {found} has {len(leads - known)} rows about leads that nobody sent")

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
            self.compare(found, live, content, wanted, current)
            if found > generation:
                # The run may not be recorded yet; if it is, the same command loads once more.
                if "published" not in self.warehouse.run():
                    self.to_the_end(self.warehouse)
                    expect(not self.api.asked(), "a run that was published asked for pages")
                    expect(self.warehouse.read(self.duckdb) == (found, live, content), "it published twice")
                generation, world = found, 1 - world
                self.api.serve(WORLDS[world])
        self.to_the_end(self.warehouse)
        found, live, content = self.warehouse.read(self.duckdb)
        expect(found == generation + 1, f"the last generation is {found}")
        self.compare(found, live, content, wanted, world)
        left = [path.name for path in (self.warehouse.state / "staging").iterdir()]
        expect(not left, f"left in the staging folder: {left}")
        left = sorted(path.name for path in self.session.folder.glob("vainu*"))
        expect(left == ["vainu.duckdb", "vainu.duckdb.etl"], f"beside the warehouse: {left}")
        say(f"{killed} kills in {self.sessions} sessions, {generation + 1} generations, none of them damaged")
        say(f"at most {self.most_lost} pages and {self.most_answers_lost} answers of a kill came and were not kept")
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
            python = environment({"duckdb": readers.CLIENTS[-1]})
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
