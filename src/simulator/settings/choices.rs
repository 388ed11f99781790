//! Switches that choose between readings of the document.

/// Declares an enum whose variants are the values of a switch.
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
    /// What a leading `-` of the parameter `order` means.
    Ordering {
        /// As the document says: ascending; without it, descending.
        Document = "document",
        /// As everywhere else: descending.
        Conventional = "conventional",
        /// Nothing: rows come in generation order whatever is asked for.
        Ignored = "ignored",
        /// Nothing: rows come in another order with every request.
        Shuffled = "shuffled",
    }
}
choices! {
    /// What a page without a count is.
    Envelope {
        /// A JSON array of companies.
        Array = "array",
        /// `{"results":[...]}`.
        Results = "results",
    }
}
choices! {
    /// What `count=true` answers.
    Count {
        /// `{"count":n}`; with `count=include` `{"count":n,"results":[...]}`.
        Object = "object",
        /// The number alone; `count=include` as with an object.
        Number = "number",
        /// The parameter `count` is ignored: rows without a total.
        Missing = "missing",
    }
}
choices! {
    /// What a page without rows is.
    PastEnd {
        /// 200 with an empty list.
        Empty = "empty",
        /// 404 with `{"detail":"Not found"}`.
        NotFound = "404",
    }
}
choices! {
    /// How decimals and numbers of staff are written.
    Numbers {
        /// As JSON strings: `"604000.0"`, `"12"`.
        String = "string",
        /// As JSON numbers.
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
    /// What a parameter that is no known filter does.
    UnknownFilter {
        /// Nothing: the answer is as if it were not there.
        Ignored = "ignore",
        /// 400.
        Error = "error",
    }
}
choices! {
    /// The order of a target group's members.
    MemberOrder {
        /// Always the same.
        Stable = "stable",
        /// Another one with every request.
        Shuffled = "shuffled",
    }
}
choices! {
    /// Whether every company of the lists has details.
    Details {
        /// Every one.
        All = "all",
        /// About 3 % are answered with 404.
        SomeMissing = "some-missing",
    }
}
choices! {
    /// What the links from page to page of customer data are.
    NextPage {
        /// There where there is such a page, with the filters and the page size of the request.
        Right = "right",
        /// The same, but the last page links to one behind it, as in the document's example.
        Always = "always",
        /// Without filters and page size, as in the document's example.
        Bare = "bare",
        /// To another origin: that of the switch `redirect-to`.
        Elsewhere = "elsewhere",
    }
}
