//! The tables about the loads: schema `etl` of the warehouse.

use super::{Column, Disposition, Kind, Sharing, Table, Unit};

const RUN_ID: Column =
    Column::of_loads("run_id", Kind::Text, "The run, a time-ordered id such as `20260131T235959Z-4f2a`.")
        .required();
const STREAM: Column = Column::of_loads("stream", Kind::Text, "Stream, for example `prospects`.").required();

const fn count(name: &'static str, doc: &'static str) -> Column {
    Column::of_loads(name, Kind::Integer, doc).unit(Unit::Count)
}

const fn time(name: &'static str, doc: &'static str) -> Column {
    Column::of_loads(name, Kind::Timestamp, doc).unit(Unit::Utc)
}

const fn text(name: &'static str, doc: &'static str) -> Column {
    Column::of_loads(name, Kind::Text, doc)
}

/// `etl.warehouse`: marks the file as a warehouse of this program, with the version of its format.
pub static WAREHOUSE: Table = Table {
    schema: "etl",
    name: "warehouse",
    doc: "One row: marks the file as a warehouse of vainu-etl. A file without it is never overwritten.",
    key: &["format_version"],
    disposition: Disposition::Load,
    columns: &[
        count("format_version", "Version of the tables' layout; 2.").required(),
        count("generation", "Number of this generation; each publish adds one.").required(),
        text("tool_version", "Version of vainu-etl that wrote the file.").required(),
        time("published_at", "When the generation was finished, just before it was published.").required(),
    ],
    system: &[],
};

/// `etl.runs`: one row per published run.
pub static RUNS: Table = Table {
    schema: "etl",
    name: "runs",
    doc: "One row per run whose result was published.",
    key: &["run_id"],
    disposition: Disposition::Load,
    columns: &[
        RUN_ID,
        time("started_at", "When the run first started; a resumed run keeps it. Later than every time of an earlier run.").required(),
        time("finished_at", "When the run's data were ready to publish.").required(),
        text("status", "`complete`: every list was proven complete; `incomplete`: some were not; nothing was deleted for them.").required(),
        count("exit_code", "The run's exit code, 0 or 4.").required(),
        text("tool_version", "Version of vainu-etl.").required(),
        text("arguments", "The selections as given, without secrets."),
        count("requests", "Requests sent, retries included, over all resumes.").required(),
        count("retries", "Requests sent again.").required(),
        Column::of_loads("bytes", Kind::Integer, "Bytes of JSON received.").unit(Unit::Bytes).required(),
        count("rows", "Rows of the streams' main tables that the run saw.").required(),
        count("rejects", "Values and records that did not fit, each as often as it came.").required(),
        time(
            "clock_at",
            "What the computer's clock said when the run started. Earlier than `started_at` when the clock was behind what had been written before; times in the warehouse never go back.",
        ),
    ],
    system: &[],
};

/// `etl.streams`: the evidence that each list is complete.
pub static STREAMS: Table = Table {
    schema: "etl",
    name: "streams",
    doc: "One row per list read by a run: the evidence that it is complete, and what it changed.",
    key: &["run_id", "stream", "list"],
    disposition: Disposition::Load,
    columns: &[
        RUN_ID,
        STREAM,
        text("list", "The list's filters, for example `country=FI&nstatus=active`.").required(),
        count(
            "rows_received",
            "Rows received in the sweep that counts, each position of the list once; where each company is asked for, records in the answers, of which one may hold rows of several tables.",
        )
            .required(),
        count("distinct_keys", "Different keys among them: companies, or rows of the stream's table; where each company is asked for, companies answered.").required(),
        count("total_before", "The server's own total before the sweep; NULL when it gave none."),
        count("total_after", "The server's own total after the sweep; NULL when it gave none."),
        count(
            "effective_page_size",
            "Rows that a full page really held; less than asked when the server clamps the limit.",
        )
        .required(),
        count(
            "sweeps",
            "How often the list, or a part of it, was read until the evidence added up; at most 3.",
        )
        .required(),
        Column::of_loads(
            "complete",
            Kind::Boolean,
            "Whether the evidence adds up. Only then may companies be marked as deleted, and rows be taken away.",
        )
        .required(),
        count("inserted", "Companies, or rows of the stream's table, that the warehouse did not hold."),
        count("updated", "Those with at least one changed value."),
        count("unchanged", "Those seen again with the same values."),
        count("deleted", "Companies no longer in any list; rows that were no longer there when the list was read completely."),
        count("rejected", "Values and records of this list that did not fit, each as often as it came."),
        count("rejects_left_out", "Those of them that are not in `etl.rejects`, because there were too many."),
        time("window_from", "Start of the time window asked for: of a stream that looks back only so far, or of what changed since the last reading; NULL when the whole list was read."),
        time("window_to", "End of the time window asked for; NULL when the whole list was read."),
        time(
            "read_at",
            "When the reading of the list began, by the server's clock where it told the time; from there on the next run reads what changed. NULL when it is not known.",
        ),
    ],
    system: &[],
};

/// `etl.rejects`: values and records that did not fit.
pub static REJECTS: Table = Table {
    schema: "etl",
    name: "rejects",
    doc: "One row per value or record that does not fit its type, however often it comes, until it is right: kept here as received, NULL in the table. At most 100,000 of a stream; `etl.streams` counts the others.",
    key: &["stream", "table_name", "key", "field", "raw"],
    disposition: Disposition::Load,
    columns: &[
        STREAM,
        text("table_name", "Table that the value was meant for.").required(),
        text(
            "key",
            "Key of the row, `FI/09704098`; of a record that became none as much as is known, such as the company or target group that was asked for. NULL when nothing is.",
        ),
        text("field", "The API's field that did not fit; NULL when it is none in particular."),
        text("raw", "The JSON as received: of the value, or of the whole record where that was rejected.")
            .required(),
        text("reason", "Why it does not fit.").required(),
        count("page", "Number of the landed page that held it last, in its last run.").required(),
        text("first_run", "Run in which it came first.").required(),
        text("last_run", "Run in which it came last: the last one that read its record.").required(),
        count("count", "How often it came, all runs and lists together.").required(),
        text(
            "list",
            "List that it came from, as in `etl.streams`; of several each on a line of its own. NULL when unknown.",
        ),
    ],
    system: &[],
};

/// `etl.schema_drift`: differences between the answers and the API's document.
pub static SCHEMA_DRIFT: Table = Table {
    schema: "etl",
    name: "schema_drift",
    doc: "One row per field that differs from what the API documents.",
    key: &["stream", "field", "kind"],
    disposition: Disposition::Load,
    columns: &[
        STREAM,
        text("field", "The API's field.").required(),
        RUN_ID_FIRST,
        count("count", "Records in which it was seen, all runs together.").required(),
        text("sample", "One value as received, shortened to 200 characters; NULL for a missing field."),
        text("kind", "`unknown`: a field without a column, kept in `_extra`; `missing`: a documented field that a record lacks; `type`: another JSON type than documented; `precision`: values with more digits than the column, which were rounded, and times finer than a microsecond; `envelope`: what is around the JSON, such as the header `Content-Type`, once for each list.").required(),
    ],
    system: &[],
};

const RUN_ID_FIRST: Column =
    Column::of_loads("first_seen_run", Kind::Text, "Run that saw it first.").required();

/// `etl.changes`: changed values of companies.
pub static CHANGES: Table = Table {
    schema: "etl",
    name: "changes",
    doc: "One row per value of a company that changed from one generation to the next.",
    key: &["country", "business_id", "field", "run_id"],
    disposition: Disposition::Load,
    columns: &[
        text("country", "Country of the company.").required(),
        text("business_id", "Id of the company.").required(),
        text("field", "Column that changed.").required(),
        RUN_ID,
        text("before", "Earlier value as text; NULL when there was none."),
        text("after", "New value as text; NULL when there is none any more."),
        time("changed_at", "When the new value was seen.").required(),
    ],
    system: &[],
};

/// `etl.list_members`: which list holds which company. Deletions are decided by it.
pub static LIST_MEMBERS: Table = Table {
    schema: "etl",
    name: "list_members",
    doc: "One row per company and list that held it when the list was last read. A company in no list of any stream any more is marked as deleted; one that a list of a selection holds is selected.",
    key: &["stream", "list", "country", "business_id"],
    disposition: Disposition::Load,
    columns: &[
        STREAM.sharing(Sharing::Common),
        text("list", "The list's filters, as in `etl.streams`.").required().sharing(Sharing::Common),
        text("country", "Country of the company.").required().sharing(Sharing::Common),
        text("business_id", "Id of the company.").required().sharing(Sharing::Rare),
    ],
    system: &[],
};

/// `etl.ids_not_found`: business ids that a selection names and that the API did not return.
pub static IDS_NOT_FOUND: Table = Table {
    schema: "etl",
    name: "ids_not_found",
    doc: "One row per business id that a selection names (`business_ids=…`) and that did not come when its list was last read.",
    key: &["stream", "list", "business_id"],
    disposition: Disposition::Load,
    columns: &[
        STREAM,
        text("list", "The list's filters, as in `etl.streams`.").required(),
        text(
            "country",
            "Country that the id was asked for in; NULL when neither the id nor the selection names one.",
        ),
        text("business_id", "The id as it was asked for, without country prefix and dash.").required(),
        text(
            "note",
            "What is odd about it, for example that ids of the country have one digit more; NULL when nothing is.",
        ),
        RUN_ID,
    ],
    system: &[],
};

/// The tables of schema `etl`.
pub static TABLES: &[&Table] =
    &[&WAREHOUSE, &RUNS, &STREAMS, &REJECTS, &SCHEMA_DRIFT, &CHANGES, &LIST_MEMBERS, &IDS_NOT_FOUND];
