//! Tests that hold for every stream and table of the catalog.

use std::collections::HashSet;

use super::{At, Lists, STREAMS, Stream, tables};
use crate::schema::{Disposition, Kind, Origin, Table, Unit};

/// Integer columns that are not quantities and have no unit.
const NO_QUANTITY: &[&str] = &["position", "year"];

#[test]
fn every_column_is_named_documented_and_has_a_unit_where_it_is_a_quantity() {
    for table in tables() {
        let mut names = HashSet::new();
        for column in table.all_columns() {
            let place = format!("{}.{}", table.name, column.name);
            assert!(names.insert(column.name), "{place} is declared twice");
            assert!(
                column.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
                "{place}"
            );
            assert!(column.doc.ends_with('.'), "{place}: the doc is a sentence");
            if matches!(column.kind, Kind::Decimal | Kind::Integer) && !NO_QUANTITY.contains(&column.name) {
                assert_ne!(column.unit, Unit::None, "{place} needs a unit");
            }
        }
        for key in table.key {
            assert!(names.contains(key), "{}: key column {key} does not exist", table.name);
        }
    }
}

#[test]
fn streams_and_tables_have_names_of_their_own_and_start_with_their_record() {
    let mut names = HashSet::new();
    let mut tables: Vec<&Table> = Vec::new();
    for stream in STREAMS {
        assert!(names.insert(stream.name), "{}", stream.name);
        assert_eq!(stream.targets.first().map(|target| target.at), Some(At::Record), "{}", stream.name);
        for target in stream.targets {
            let same = tables.iter().find(|table| table.name == target.table.name);
            assert!(same.is_none_or(|same| *same == target.table), "{}", target.table.name);
            tables.push(target.table);
        }
    }
}

#[test]
fn every_documented_field_feeds_a_column() {
    for stream in STREAMS {
        for field in stream.documented {
            assert!(feeds_a_column(stream, field), "{}: {field} has no column", stream.name);
        }
    }
}

fn feeds_a_column(stream: &Stream, field: &str) -> bool {
    stream.targets.iter().any(|target| {
        let feeds = |name| target.table.columns.iter().any(|column| column.fields.contains(&name));
        match target.at {
            At::Record => feeds(field),
            At::Elements(array) => {
                let own = field.strip_prefix(array).and_then(|rest| rest.strip_prefix('.'));
                field == array || own.is_some_and(feeds)
            }
        }
    })
}

#[test]
fn what_a_load_writes_has_the_columns_that_it_fills() {
    for table in STREAMS.iter().flat_map(|stream| stream.targets).map(|target| target.table) {
        let system = |name: &str| table.system.iter().find(|column| column.name == name);
        assert!(system("_run_id").is_some_and(|column| !column.nullable), "{}", table.name);
        assert!(system("_extra").is_some_and(|column| column.kind == Kind::Json), "{}", table.name);
        assert!(table.system.iter().all(|column| column.name.starts_with('_')), "{}", table.name);
        if let Disposition::Replace { scope } = table.disposition {
            assert!(scope.iter().all(|name| table.key.contains(name)), "{}", table.name);
        }
    }
}

#[test]
fn what_a_column_is_made_of_are_columns_with_fields() {
    for table in tables() {
        for column in table.all_columns() {
            for name in column.sources().1 {
                let named = table.columns.iter().find(|other| other.name == *name);
                let has_fields =
                    named.is_some_and(|other| other.origin == Origin::Fields && !other.fields.is_empty());
                assert!(has_fields, "{}.{}: {name}", table.name, column.name);
            }
        }
    }
}

#[test]
fn what_a_row_takes_from_around_it_is_there() {
    for stream in STREAMS {
        let asked: &[&str] = match stream.lists {
            Lists::Companies => &["country", "business_id"],
            Lists::TargetGroups => &["target_group_id"],
            Lists::Selections | Lists::Whole => &[],
        };
        for target in stream.targets {
            let of_main = |name| stream.table().columns.iter().any(|column| column.name == name);
            for column in target.table.columns.iter().filter(|column| column.origin == Origin::Parent) {
                let held = target.at != At::Record && of_main(column.name);
                assert!(
                    held || asked.contains(&column.name),
                    "{}: {} of {} comes from nowhere",
                    stream.name,
                    column.name,
                    target.table.name
                );
            }
        }
    }
}
