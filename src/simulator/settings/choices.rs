//! The values of switches that choose between readings of the document.

/// Declares an enum whose variants are the values of one switch.
macro_rules! choices {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            pub(in crate::simulator) fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

choices! {
    /// The meaning of a leading `-` in the parameter `order`.
    Ordering {
        /// Ascending, as in the document's section "Sorting"; without it, descending.
        Document = "document",
        /// Descending, as is usual; without it, ascending.
        Conventional = "conventional",
        /// None: rows come in generation order, whatever `order` says.
        Ignored = "ignored",
        /// None: rows come in another order with every request.
        Shuffled = "shuffled",
    }
}
choices! {
    /// The shape of a page without a total.
    Envelope {
        /// A JSON list of companies.
        Array = "array",
        /// `{"results":[...]}`.
        Results = "results",
    }
}
choices! {
    /// The answer to `count=true`, and the effect of the parameter on others.
    Count {
        /// `{"count":n}`. With `count=include`, `{"count":n,"results":[...]}`.
        Object = "object",
        /// The number alone. `count=include` as for [`Object`](Self::Object).
        Number = "number",
        /// The parameter `count` is ignored: rows without a total.
        Missing = "missing",
    }
}
choices! {
    /// The answer to a request past the last row.
    PastEnd {
        /// 200 with an empty list.
        Empty = "empty",
        /// 404 with `{"detail":"Not found"}`.
        NotFound = "404",
    }
}
choices! {
    /// The JSON type of decimals and numbers of staff.
    Numbers {
        /// JSON strings: `"604000.0"`, `"12"`.
        String = "string",
        /// JSON numbers.
        Number = "number",
    }
}
choices! {
    /// Whether `business_id__startswith` filters.
    StartsWith {
        /// It filters.
        Works = "works",
        /// It is ignored.
        Broken = "broken",
    }
}
choices! {
    /// The effect of a parameter that is not a known filter.
    UnknownFilter {
        /// None: the parameter is ignored.
        Ignored = "ignore",
        /// The answer is 400.
        Error = "error",
    }
}
choices! {
    /// The order of the members of a target group.
    MemberOrder {
        /// Generation order, the same for every request.
        Stable = "stable",
        /// Another order with every request.
        Shuffled = "shuffled",
    }
}
choices! {
    /// Whether every company in a list has details.
    Details {
        /// Every company has them.
        All = "all",
        /// About 3 % of the companies have none: the detail endpoints answer 404.
        SomeMissing = "some-missing",
    }
}
choices! {
    /// The form of the links between pages of customer data.
    NextPage {
        /// Present if there is such a page, with the filters and the page size of the request.
        Right = "right",
        /// As [`Right`](Self::Right), but the last page also has a link to a next one, as in the document's example.
        Always = "always",
        /// Without the filters and the page size, as in the document's example.
        Bare = "bare",
        /// To another origin, that of the switch `redirect-to`.
        Elsewhere = "elsewhere",
    }
}
