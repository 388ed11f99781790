//! `simulate`: the API on this computer.

use std::path::PathBuf;

use clap::Args;

use super::invocation;
use super::output::Output;
use super::signals;
use crate::error::Error;
use crate::simulator::{Config, Simulator, Switches};

/// Options of `simulate`
#[derive(Debug, Args)]
#[command(after_help = switches_help())]
pub(crate) struct SimulateArgs {
    /// Port on 127.0.0.1; 0 takes any free one
    #[arg(long, value_name = "N", default_value_t = 8080)]
    port: u16,
    /// Companies to generate
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    companies: u32,
    /// The same seed gives the same companies
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// What the simulator takes for now, `2026-01-31T12:00:00Z`; leads are there up to then [default: the clock]
    #[arg(long, value_name = "TIME")]
    now: Option<jiff::Timestamp>,
    /// Play something that the document leaves open, or a fault; see the list below
    #[arg(long = "switch", value_name = "NAME=VALUE")]
    switches: Vec<String>,
    /// Append every request as a line of JSON
    #[arg(long, value_name = "FILE")]
    request_log: Option<PathBuf>,
    /// Countries that the account may not see
    #[arg(long = "forbid-country", value_name = "CC")]
    forbidden_countries: Vec<String>,
}

fn switches_help() -> String {
    let mut text = "Switches:\n".to_owned();
    for switch in Switches::ALL {
        text.push_str(&format!("  {}={}\n      {}\n", switch.name, switch.values, switch.doc));
    }
    text
}

pub(crate) fn run(args: &SimulateArgs, output: &Output) -> Result<u8, Error> {
    let mut switches = Switches::default();
    for switch in &args.switches {
        switches
            .set(switch)
            .map_err(|error| Error::Usage { message: error.to_string(), hint: error.hint().to_owned() })?;
    }
    let config = Config {
        companies: args.companies,
        seed: args.seed,
        now: args.now,
        port: args.port,
        forbidden_countries: args.forbidden_countries.clone(),
        switches,
        request_log: args.request_log.clone(),
        ..Config::default()
    };
    let key = config.api_key.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let simulator = Simulator::start(config).await?;
        Output::data(&format!("{}\n", simulator.base_url()))?;
        output.say(&format!(
            "Simulating {} companies. In another terminal:\n  VAINU_API_KEY={key} {} --base-url {} sync\nStop with Ctrl-C.",
            args.companies,
            invocation::program(),
            simulator.base_url()
        ));
        let (name, code) = signals::Watch::begin()?.first().await;
        simulator.shutdown().await;
        // Ctrl-C is how it is meant to end.
        Ok(if name == "Ctrl-C" { 0 } else { code })
    })
}
