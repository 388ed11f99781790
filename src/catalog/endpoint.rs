//! An endpoint of the API, and how it is read.

use super::api::{Api, Shape, VAINU};

/// An endpoint of the API and how to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    /// The API that it belongs to.
    pub api: &'static Api,
    /// Path below the base URL, with the trailing slash that the API's document gives. A parameter in braces is replaced
    /// by the parent that a request is about; see [`Parent`](super::Parent).
    pub path: &'static str,
    /// How its pages are requested.
    pub paging: Paging,
    /// Maximum of rows in a page: 1000 (documented for the API's next version, "Limits and pagination"), or 500 for
    /// customer data (the API's document, section Pagination). [`u32::MAX`] where everything comes in one answer, for
    /// which no limit is documented.
    pub max_page_size: u32,
    /// How far back it reaches. `None` when it returns all records.
    pub window: Option<Window>,
    /// How the records that changed since a moment are selected. `None` when they cannot be.
    pub cursor: Option<Cursor>,
}

/// How far back an endpoint reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Parameter for the start of the period. `None` when the whole window is always returned.
    pub parameter: Option<&'static str>,
    /// Longest period before now, in days.
    pub days: u32,
}

/// A filter on the time of a record's last change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Field that can be filtered by.
    pub field: &'static str,
    /// Operator for later moments, without the two underscores.
    pub operator: &'static str,
}

/// How the pages of a list are requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// `limit` and `offset` in a stable order.
    Ordered {
        /// Parameter and value for a stable order. The direction does not matter.
        order: (&'static str, &'static str),
        /// Filter that splits a long list by the first characters of the key.
        slice_by: &'static str,
    },
    /// `limit` and `offset` without a documented order. `count=true` returns the total alone.
    Unordered,
    /// `page` (from 1) and `page_size`. Every page holds the total.
    Numbered {
        /// Parameter and value for a stable order.
        order: (&'static str, &'static str),
    },
    /// Everything in one answer.
    Single,
}

impl Endpoint {
    /// An endpoint of the Vainu API without a window or a cursor, with pages of any size.
    pub const fn new(path: &'static str, paging: Paging) -> Self {
        Self { api: &VAINU, path, paging, max_page_size: u32::MAX, window: None, cursor: None }
    }

    /// An endpoint that returns everything in one answer.
    pub const fn single(path: &'static str) -> Self {
        Self::new(path, Paging::Single)
    }

    /// The form of its answers.
    pub fn shape(&self) -> Shape {
        Shape { dialect: &self.api.dialect, single: self.paging == Paging::Single }
    }
}
