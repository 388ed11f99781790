//! Stream `financial_statements`: yearly figures, from `prospect/{company}/financial_statements/`.

use super::columns::{COMPANY_KEY, OF_BUSINESS_ID, OF_COUNTRY, SYSTEM, text};
use super::{COMPANY, Endpoint, Lists, Stream, Target};
use crate::schema::{Column, Disposition, Kind, Table, Unit};

/// The statements of each company. A statement does not name its company; it is the company of the request.
pub const FINANCIAL_STATEMENTS: Stream = Stream {
    name: "financial_statements",
    doc: "Yearly figures of each company, from prospect/financial_statements",
    things: "statements",
    endpoint: Endpoint::single("prospect/{company}/financial_statements/"),
    filters: None,
    lists: Lists::AnswersOf(&COMPANY),
    by_default: true,
    targets: &[Target::record(&FINANCIAL_STATEMENTS_TABLE)],
};

/// Table of statements, also fed by the stream `details`.
pub static FINANCIAL_STATEMENTS_TABLE: Table = Table {
    schema: "main",
    name: "financial_statements",
    doc: "One row per financial statement of a company. Years can be missing, and a changed fiscal year gives two.",
    key: &["country", "business_id", "year", "account_period_end"],
    disposition: Disposition::Replace { scope: COMPANY_KEY },
    columns: &[
        OF_COUNTRY,
        OF_BUSINESS_ID,
        Column::new("year", &["year"], Kind::Integer, "Year of the statement.").required(),
        Column::new(
            "account_period_end",
            &["account_period_end"],
            Kind::Date,
            "Last day of the accounting period; NULL where the API does not say, as in the list of statements.",
        ),
        text(
            "currency_code",
            &["currency_code"],
            "Currency of the amounts in local currency, ISO 4217; NULL when unknown.",
        ),
        money("turn_over_eur", &["turn_over_eur"], "Turnover in euros; NULL when unknown."),
        local_money(
            "turn_over_local",
            &["turn_over_local"],
            "Turnover in local currency; NULL when unknown.",
        ),
        Column::new(
            "turn_over_is_estimate",
            &["turn_over_is_estimate"],
            Kind::Boolean,
            "Whether the turnover is an estimate; NULL when the API does not say.",
        ),
        percent(
            "turn_over_growth_percent",
            &["development_of_turnover"],
            "Change of turnover on the year before; NULL when unknown.",
        ),
        Column::new("staff_number", &["staff_number"], Kind::Integer, "Persons employed; NULL when unknown.")
            .unit(Unit::Persons),
        money(
            "net_income_eur",
            &["net_income_euro"],
            "Net income in euros, negative for a loss; NULL when unknown.",
        ),
        local_money(
            "net_income_local",
            &["net_income_local"],
            "Net income in local currency, negative for a loss; NULL when unknown.",
        ),
        percent(
            "equity_ratio_percent",
            &["equity_to_assets_ratio"],
            "Equity as a share of total assets; NULL when unknown.",
        ),
        Column::new(
            "account_period_start",
            &["account_period_start"],
            Kind::Date,
            "First day of the accounting period; NULL where the API does not say, as nearly always.",
        ),
    ],
    system: SYSTEM,
};

const fn money(name: &'static str, fields: &'static [&'static str], doc: &'static str) -> Column {
    Column::new(name, fields, Kind::Decimal, doc).unit(Unit::Euro)
}

const fn local_money(name: &'static str, fields: &'static [&'static str], doc: &'static str) -> Column {
    Column::new(name, fields, Kind::Decimal, doc).unit(Unit::LocalCurrency)
}

const fn percent(name: &'static str, fields: &'static [&'static str], doc: &'static str) -> Column {
    Column::new(name, fields, Kind::Decimal, doc).unit(Unit::Percent)
}
