//! Prints the columns of `prospects` that hold money, with their units, from the catalog.
//!
//! `cargo run --example dictionary`

#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use vainu_etl::catalog::PROSPECTS_TABLE;
use vainu_etl::schema::Unit;

fn main() {
    let money = PROSPECTS_TABLE
        .columns
        .iter()
        .filter(|column| matches!(column.unit, Unit::Euro | Unit::LocalCurrency));
    for column in money {
        println!("{:20} {:24} {}", column.name, column.unit.label(), column.doc);
    }
}
