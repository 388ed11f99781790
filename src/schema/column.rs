//! A column: its type, unit, origin and documentation, declared once.

use arrow::datatypes::{DataType, Field, TimeUnit};

/// Digits of every decimal column: 18, which `DuckDB` stores in eight bytes.
pub const DECIMAL_PRECISION: u8 = 18;
/// Digits after the point of every decimal column.
pub const DECIMAL_SCALE: i8 = 2;

/// What a column holds, and so how a JSON value becomes a cell of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Free text, kept as received; an empty string stays an empty string.
    Text,
    /// A code of digits kept as text; a JSON number is padded with zeros to `width` digits, because a number
    /// has lost its leading zeros (`industry_code_5: 1110` is the code `01110`).
    Code {
        /// Number of digits of the code.
        width: usize,
    },
    /// A company's id without country prefix and without dash, leading zeros kept.
    BusinessId,
    /// ISO 3166-1 alpha-2 country code, upper case.
    Country,
    /// True or false.
    Boolean,
    /// Whole number, 64 bits, signed.
    Integer,
    /// Double precision number; only for the API's unitless scores.
    Double,
    /// Exact decimal, `DECIMAL(18,2)`, parsed from the digits of the text.
    Decimal,
    /// Calendar date; months and days may come without a leading zero.
    Date,
    /// Point in time, microseconds, without zone; converted to UTC when the text carries a zone.
    Timestamp,
    /// Any JSON value, kept as JSON text.
    Json,
}

impl Kind {
    /// The type's name in `DuckDB`.
    pub fn sql_type(self) -> &'static str {
        match self {
            Self::Text | Self::Code { .. } | Self::BusinessId | Self::Country => "VARCHAR",
            Self::Boolean => "BOOLEAN",
            Self::Integer => "BIGINT",
            Self::Double => "DOUBLE",
            Self::Decimal => "DECIMAL(18,2)",
            Self::Date => "DATE",
            Self::Timestamp => "TIMESTAMP",
            Self::Json => "JSON",
        }
    }

    /// The type in Arrow; JSON is text there.
    pub fn arrow_type(self) -> DataType {
        match self {
            Self::Text | Self::Code { .. } | Self::BusinessId | Self::Country | Self::Json => DataType::Utf8,
            Self::Boolean => DataType::Boolean,
            Self::Integer => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Decimal => DataType::Decimal128(DECIMAL_PRECISION, DECIMAL_SCALE),
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        }
    }
}

/// The unit of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// No unit: text, codes, flags, dates, scores.
    None,
    /// Whole euros.
    Euro,
    /// Whole units of the currency in `currency_code`.
    LocalCurrency,
    /// Per cent: 14.3 is 14.3 %.
    Percent,
    /// Persons employed.
    Persons,
    /// A rank, 1 being first.
    Rank,
    /// A number of rows, requests or other things.
    Count,
    /// Bytes.
    Bytes,
    /// Coordinated universal time.
    Utc,
}

impl Unit {
    /// The unit as the data dictionary prints it; empty for [`Unit::None`].
    pub fn label(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Euro => "EUR",
            Self::LocalCurrency => "units of currency_code",
            Self::Percent => "%",
            Self::Persons => "persons",
            Self::Rank => "rank",
            Self::Count => "count",
            Self::Bytes => "bytes",
            Self::Utc => "UTC",
        }
    }
}

/// Where a column's values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The API's fields named in [`Column::fields`], the first one present and not null winning.
    Fields,
    /// The column of the same name of the row that holds this one, or what the request named: the company or the
    /// target group that was asked for.
    Parent,
    /// Position in the array, from 0.
    Position,
    /// The array's element itself, where the elements are no objects.
    Element,
    /// The API's own field, the first of [`Column::fields`]; where it has no value, a stable hash (16 hexadecimal digits) of
    /// the columns that the others name.
    HashOf,
    /// The API's own field, the first of [`Column::fields`]; where it has no value, what the request named under the column's
    /// name, if the columns that the others name say what the request named, too. So a row can be known to be about the
    /// company that was asked for.
    AskedWhenSame,
    /// The load itself.
    Load,
}

/// Whether many rows of a text column have the same value: decides how `DuckDB` compresses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Not known, or no text: `DuckDB` tries every way and takes the smallest.
    Unknown,
    /// Nearly every row has its own text, as names and links.
    Rare,
    /// A table has a few texts only, as countries.
    Common,
}

const fn sharing_of(kind: Kind) -> Sharing {
    if matches!(kind, Kind::Country) { Sharing::Common } else { Sharing::Unknown }
}

/// One column, declared once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Name in the warehouse.
    pub name: &'static str,
    /// The API's fields that feed it, for some origins followed by names of columns; see [`Origin`]. Empty for a column that
    /// no field feeds.
    pub fields: &'static [&'static str],
    /// Where its values come from.
    pub origin: Origin,
    /// Type.
    pub kind: Kind,
    /// Unit of the values.
    pub unit: Unit,
    /// One sentence: what it is, and what null means.
    pub doc: &'static str,
    /// Whether NULL is allowed.
    pub nullable: bool,
    /// Whether rows share their values, where that is known.
    pub sharing: Sharing,
}

impl Column {
    /// A nullable column fed by the fields named.
    pub const fn new(
        name: &'static str,
        fields: &'static [&'static str],
        kind: Kind,
        doc: &'static str,
    ) -> Self {
        Self {
            name,
            fields,
            origin: Origin::Fields,
            kind,
            unit: Unit::None,
            doc,
            nullable: true,
            sharing: sharing_of(kind),
        }
    }

    /// A nullable column that the load itself fills.
    pub const fn system(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self::new(name, &[], kind, doc).from(Origin::Load)
    }

    /// The same column with values from elsewhere.
    #[must_use]
    pub const fn from(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// The same column with a unit.
    #[must_use]
    pub const fn unit(mut self, unit: Unit) -> Self {
        self.unit = unit;
        self
    }

    /// The same column, never NULL.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.nullable = false;
        self
    }

    /// The same column, of whose values it is known whether rows share them.
    #[must_use]
    pub const fn sharing(mut self, sharing: Sharing) -> Self {
        self.sharing = sharing;
        self
    }

    /// The API's fields that feed it, and the columns that it is made of where these have no value.
    pub fn sources(&self) -> (&'static [&'static str], &'static [&'static str]) {
        match self.origin {
            Origin::HashOf | Origin::AskedWhenSame => self.fields.split_at(self.fields.len().min(1)),
            _ => (self.fields, &[]),
        }
    }

    /// The comment that the warehouse carries: doc, unit and the API's own field names.
    pub fn comment(&self) -> String {
        let mut text = self.doc.to_owned();
        if self.unit != Unit::None {
            text = format!("{text} Unit: {}.", self.unit.label());
        }
        let (fields, _) = self.sources();
        if !fields.is_empty() {
            text = format!("{text} API: {}.", fields.join(", "));
        }
        text
    }

    pub(super) fn arrow_field(&self) -> Field {
        Field::new(self.name, self.kind.arrow_type(), self.nullable)
    }
}
