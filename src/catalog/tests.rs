//! Tests that hold for every stream and table of the catalog.

use std::collections::HashSet;

use super::filters::FilterKind;
use super::{At, COMPANY, Cursor, Documented, Lists, STREAMS, Stream, tables};
use crate::schema::{Disposition, Kind, Origin, Role, Table, Unit};

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
        for field in &stream.documented() {
            assert!(feeds_a_column(stream, field), "{}: {field} has no column", stream.name);
        }
    }
}

#[test]
fn what_the_document_shows_otherwise_than_the_tables_are_fields_of_the_tables() {
    for target in STREAMS.iter().flat_map(|stream| stream.targets) {
        let (Documented::AllBut(listed) | Documented::Only(listed)) = target.documented;
        for field in listed {
            let is_array = target.at == At::Elements(field);
            assert!(is_array || target.fields().any(|own| own == *field), "{}: {field}", target.table.name);
        }
    }
}

#[test]
fn parents_are_streams_of_which_the_paths_name_one() {
    for stream in STREAMS {
        let path = stream.endpoint.path;
        let Some(parent) = stream.lists.parent() else {
            assert!(!path.contains('{'), "{path}");
            continue;
        };
        assert!(path.contains(&format!("{{{}}}", parent.parameter)), "{path}");
        let of_parent = STREAMS.iter().find(|other| other.name == parent.stream).unwrap();
        let own = |name: &str| of_parent.table().columns.iter().any(|column| column.name == name);
        assert!(parent.columns.iter().map(|(_, own)| *own).chain(parent.name).all(own), "{}", stream.name);
        match stream.lists {
            // The list of all parents is read as a whole, and its records have an id.
            Lists::EachOf(_) => assert!(of_parent.lists == Lists::Whole && parent.columns.len() == 1),
            // Lists of companies bring the parents.
            _ => assert_eq!(*parent, COMPANY),
        }
    }
}

#[test]
fn what_changed_is_selected_by_a_documented_filter() {
    let cursors = STREAMS.iter().filter_map(|stream| Some((stream, stream.endpoint.cursor?)));
    let mut streams = Vec::new();
    for (stream, Cursor { field, operator }) in cursors {
        let filters = stream.filters.unwrap();
        let kind = filters.find(field).map(|filter| filter.kind);
        assert_eq!(kind, Some(FilterKind::Datetime), "{}", stream.name);
        assert!(filters.operators.contains(&operator), "{}", stream.name);
        streams.push(stream.name);
    }
    assert_eq!(streams, ["prospects", "customer_data"]);
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
        assert!(table.has(Role::RunId) && table.has(Role::Extra), "{}", table.name);
        for column in table.system {
            assert!(
                column.role().is_some() && column.name.starts_with('_'),
                "{}.{}",
                table.name,
                column.name
            );
        }
        assert!(table.columns.iter().all(|column| !column.name.starts_with('_')), "{}", table.name);
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
        let asked: Vec<&str> = stream
            .lists
            .parent()
            .into_iter()
            .flat_map(|parent| parent.columns)
            .map(|(own, _)| *own)
            .collect();
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
