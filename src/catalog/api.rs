//! How requests and answers of an API are written, apart from its endpoints.

/// An API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Api {
    /// Base URL, including the version, without a slash at the end.
    pub origin: &'static str,
    /// Names of parameters and of an envelope's fields.
    pub dialect: Dialect,
}

/// Names that all endpoints of an API share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// Parameter: maximum number of rows in the answer.
    pub limit: &'static str,
    /// Parameter: position of the first row, from 0.
    pub offset: &'static str,
    /// Parameter: number of the page, from 1.
    pub page: &'static str,
    /// Parameter: maximum number of rows in a numbered page.
    pub page_size: &'static str,
    /// Parameter: whether the answer is the number of rows alone (`true`), the rows with their number (`include`), or
    /// the rows alone (`false`).
    pub count: &'static str,
    /// Parameters that give the order of the rows.
    pub orders: &'static [&'static str],
    /// Filter: several business ids at once.
    pub ids: &'static str,
    /// Field of an envelope: the array of records.
    pub records_at: &'static str,
    /// Fields of an envelope: length of the whole list. The first that is not null counts.
    pub totals: &'static [&'static str],
    /// Field of an envelope: link to the next page.
    pub next: &'static str,
    /// Field of an envelope: link to the previous page.
    pub previous: &'static str,
}

/// The Vainu API, version 1 (the API's document).
pub static VAINU: Api = Api {
    origin: "https://api.vainu.io/api/v1",
    dialect: Dialect {
        limit: "limit",
        offset: "offset",
        page: "page",
        page_size: "page_size",
        count: "count",
        orders: &["order", "ordering"],
        ids: "business_ids",
        records_at: "results",
        // `count` of target groups (section `getTargetGroupById`), `total_results` of customer data (section
        // `get__customer_data_`).
        totals: &["count", "total_results"],
        next: "next_page",
        previous: "prev_page",
    },
};

impl Dialect {
    /// Whether a parameter is one of paging, which cannot be a filter.
    pub fn pages_by(&self, parameter: &str) -> bool {
        [self.limit, self.offset, self.page, self.page_size, self.count].contains(&parameter)
            || self.orders.contains(&parameter)
    }
}

/// The form of an endpoint's answers.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Names of an envelope's fields.
    pub dialect: &'static Dialect,
    /// Whether an object that is not an envelope is a record: in an answer that holds everything at once.
    pub single: bool,
}

impl Shape {
    /// Pages of a list.
    pub const LIST: Self = Self { dialect: &VAINU.dialect, single: false };
    /// Answers that hold everything at once.
    pub const SINGLE: Self = Self { dialect: &VAINU.dialect, single: true };
}
