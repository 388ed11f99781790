//! A column: its type, unit, origin and documentation, declared once.

use arrow::datatypes::{DataType, Field, TimeUnit};

/// Digits of every decimal column: 18, which `DuckDB` stores in eight bytes.
pub const DECIMAL_PRECISION: u8 = 18;
/// Digits after the point of every decimal column.
pub const DECIMAL_SCALE: i8 = 2;

/// The type of a column's values, which determines how a JSON value becomes a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Free text, kept as received; an empty string stays an empty string.
    Text,
    /// A code of digits, kept as text. A JSON number is padded with zeros to `width` digits, because it has lost its
    /// leading zeros (`industry_code_5: 1110` is the code `01110`).
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
    /// Point in time in microseconds, without zone. Converted to UTC if the text has a zone.
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
    /// The API's fields named in [`Column::fields`]: the value of the first that is present and not null.
    Fields,
    /// The column of the same name in the parent row, or the value that the request named: the company or the target
    /// group.
    Parent,
    /// Position of the element in the array, from 0.
    Position,
    /// The array's element itself, in an array whose elements are not objects.
    Element,
    /// The API's field that is the first of [`Column::fields`]. If it has no value, a stable hash (16 hexadecimal
    /// digits) of the columns that the other entries name.
    HashOf,
    /// The API's field that is the first of [`Column::fields`]. If it has no value, the value that the request named
    /// under the column's name, provided that the columns that the other entries name agree with the request, too. A
    /// row is thereby known to be about the company that was requested.
    AskedWhenSame,
    /// Filled by the load itself, in a table of the API's records.
    System(Role),
    /// Filled by the load itself, in a table about the loads.
    Load,
}

/// What a system column tells about its row. The load finds such a column by its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The run that last wrote the row's values.
    RunId,
    /// The fields without a column, as a JSON object.
    Extra,
    /// When a load saw the row first.
    FirstSeen,
    /// When a load saw the row last.
    LastSeen,
    /// When no list held the row any more; NULL while one does.
    Deleted,
    /// When the row's own endpoint was last read; NULL when never.
    Details,
    /// Whether a selection holds the row.
    Selected,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::RunId,
        Self::Extra,
        Self::FirstSeen,
        Self::LastSeen,
        Self::Deleted,
        Self::Details,
        Self::Selected,
    ];

    /// Name of the column, the same in every table that has it.
    pub const fn column(self) -> &'static str {
        match self {
            Self::RunId => "_run_id",
            Self::Extra => "_extra",
            Self::FirstSeen => "_first_seen_at",
            Self::LastSeen => "_last_seen_at",
            Self::Deleted => "_deleted_at",
            Self::Details => "_details_at",
            Self::Selected => "_selected",
        }
    }

    const fn kind(self) -> Kind {
        match self {
            Self::RunId => Kind::Text,
            Self::Extra => Kind::Json,
            Self::FirstSeen | Self::LastSeen | Self::Deleted | Self::Details => Kind::Timestamp,
            Self::Selected => Kind::Boolean,
        }
    }
}

/// Whether many rows of a text column have the same value. Determines how `DuckDB` compresses the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Not known, or not a text column: `DuckDB` tries every compression and takes the smallest result.
    Unknown,
    /// Nearly every row has a text of its own, such as a name or a link.
    Rare,
    /// The column has only a few different texts, such as countries.
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
    /// The API's fields that the values come from, for some origins followed by names of columns; see [`Origin`].
    /// Empty if the values do not come from a field.
    pub fields: &'static [&'static str],
    /// Where its values come from.
    pub origin: Origin,
    /// Type.
    pub kind: Kind,
    /// Unit of the values.
    pub unit: Unit,
    /// One sentence: the meaning of a value, and of NULL.
    pub doc: &'static str,
    /// Whether NULL is allowed.
    pub nullable: bool,
    /// Whether rows share their values, if known.
    pub sharing: Sharing,
}

impl Column {
    /// A nullable column whose values come from `fields`.
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

    /// The nullable system column of a role.
    pub const fn system(role: Role, doc: &'static str) -> Self {
        Self::new(role.column(), &[], role.kind(), doc).from(Origin::System(role))
    }

    /// A nullable column of a table about the loads.
    pub const fn of_loads(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self::new(name, &[], kind, doc).from(Origin::Load)
    }

    /// The same column with another origin.
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

    /// The same column, for which it is known whether rows share their values.
    #[must_use]
    pub const fn sharing(mut self, sharing: Sharing) -> Self {
        self.sharing = sharing;
        self
    }

    /// Its role among the system columns; `None` for any other column.
    pub fn role(&self) -> Option<Role> {
        match self.origin {
            Origin::System(role) => Some(role),
            _ => None,
        }
    }

    /// The API's fields that the values come from, and the columns that are used if these fields have no value.
    pub fn sources(&self) -> (&'static [&'static str], &'static [&'static str]) {
        match self.origin {
            Origin::HashOf | Origin::AskedWhenSame => self.fields.split_at(self.fields.len().min(1)),
            _ => (self.fields, &[]),
        }
    }

    /// The column's comment in the warehouse: documentation, unit and the names of the API's fields.
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
