//! Checks filters without a request and prints the lists that they become.
//!
//! `cargo run --example filters -- country__in=FI,SE turn_over__gte=1000000`

#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use vainu_etl::selection::Selection;

fn main() {
    let pairs: Vec<String> = std::env::args().skip(1).collect();
    let lists = Selection::from_pairs(&pairs).and_then(|selection| selection.lists());
    match lists {
        Ok(lists) => lists.iter().for_each(|list| println!("{}", list.label)),
        Err(error) => println!("{error}\nhint: {}", error.hint()),
    }
}
