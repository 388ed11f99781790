//! Every stream of the catalog from the simulator to the published file: what is asked for, and what arrives.
//!
//! `mapping` says which field each column holds, `wanted` makes the tables of the simulator's own JSON by it.

mod age;
mod changes;
mod damage;
mod earlier;
mod estimates;
mod fan_out;
mod incomplete;
mod landed;
mod leads;
mod lists;
mod mapping;
mod rebuild;
mod resume;
mod run;
mod switches;
mod tables;
mod values;
mod wanted;
