//! Customer data: what the owner of the account stores about a company. One company in fifty has some.

use crate::simulator::data::clock::{self, DAY};
use crate::simulator::data::company::NEWEST;
use crate::simulator::data::country::Country;
use crate::simulator::data::ids::{number_of, object_id, vid};
use crate::simulator::data::rng::{Rng, Stream};
use crate::simulator::data::world::World;
use crate::simulator::endpoints::fields::Field;
use crate::simulator::http::json::Object;

/// One company in every block of this many has customer data.
const BLOCK: u32 = 50;

/// The customer data of a company.
#[derive(Debug)]
pub(in crate::simulator) struct Customer {
    pub(in crate::simulator) index: u32,
    pub(in crate::simulator) owner_email: Option<&'static str>,
    pub(in crate::simulator) unique_id: Option<String>,
    pub(in crate::simulator) won_deals: u32,
    pub(in crate::simulator) open_deals: u32,
    pub(in crate::simulator) lost_deals: u32,
    pub(in crate::simulator) notes: Option<&'static str>,
    /// Milliseconds since 1970, UTC, as `modified` and `created`.
    pub(in crate::simulator) last_update: Option<i64>,
    pub(in crate::simulator) origin: &'static str,
    pub(in crate::simulator) modified: i64,
    pub(in crate::simulator) created: i64,
}

const OWNERS: [&str; 4] =
    ["anna@vainu.example", "Bo.Berg@vainu.example", "o'brien+crm@vainu.example", "example@vainu.io"];

const NOTES: [&str; 6] = [
    "",
    "string",
    "Soita uudelleen 1.9.",
    "M\u{f8}de; \"viktig\"\nLinje 2",
    "=HYPERLINK(\"http://elsewhere.invalid\")",
    "\u{1f44d} <i>ok</i>",
];

/// Every live company that has customer data, in generation order.
pub(in crate::simulator) fn all(world: &World) -> impl Iterator<Item = u32> {
    ever(world).filter(|&index| world.is_live(index))
}

/// As [`all`], with the deleted companies.
pub(in crate::simulator) fn ever(world: &World) -> impl Iterator<Item = u32> {
    let blocks = 0..world.generated().div_ceil(BLOCK);
    blocks.map(|block| of_block(world, block)).filter(|&index| index < world.generated())
}

fn of_block(world: &World, block: u32) -> u32 {
    let number = 1 << 32 | u64::from(block);
    block * BLOCK + Rng::new(world.seed(), number, Stream::Customer).below(BLOCK)
}

/// The live company whose customer data has this id.
pub(in crate::simulator) fn with_id(world: &World, id: &str) -> Option<u32> {
    let index = number_of(world.seed(), id, Stream::Customer)?;
    (world.is_live(index) && of_block(world, index / BLOCK) == index).then_some(index)
}

/// The id of a company's customer data.
pub(in crate::simulator) fn id(world: &World, index: u32) -> String {
    object_id(world.seed(), index, Stream::Customer)
}

impl Customer {
    /// Generates the customer data of a company. The company must be one of [`ever`].
    pub(in crate::simulator) fn of(world: &World, index: u32) -> Self {
        let mut draw = Rng::new(world.seed(), 2 << 32 | u64::from(index), Stream::Customer);
        let mut ago = |days| i64::from(draw.below(days)) * DAY + i64::from(draw.below(86_400_000));
        let newest = NEWEST * 1000;
        let (created, modified, updated) = (ago(2000), ago(400), ago(400));
        let mut deals = |most| draw.below(most).saturating_sub(1);
        let (won_deals, open_deals, lost_deals) = (deals(5), deals(4), deals(8));
        let unique = draw.next() >> 32;
        let (owner, note) = (draw.pick(&OWNERS), draw.pick(&NOTES));
        Self {
            index,
            owner_email: (!draw.chance(100)).then_some(owner),
            unique_id: (!draw.chance(100)).then(|| format!("{unique:08x}")),
            won_deals,
            open_deals,
            lost_deals,
            notes: (!draw.chance(300)).then_some(note),
            last_update: (!draw.chance(150)).then_some(newest - updated),
            origin: draw.pick(&["PublicApi", "PublicApi", "Vainu"]),
            modified: newest - modified,
            created: newest - created.max(modified),
        }
    }

    /// Appends the customer data as a JSON object.
    pub(in crate::simulator) fn write(&self, world: &World, out: &mut String) {
        let mut object = Object::open(out);
        object.text("owner_email", self.owner_email);
        object.text("unique_id", self.unique_id.as_deref());
        object.bare("won_deals_count", Some(self.won_deals));
        object.bare("open_deals_count", Some(self.open_deals));
        object.bare("lost_deals_count", Some(self.lost_deals));
        object.text("notes", self.notes);
        object.text("last_update", self.last_update.map(clock::zulu).as_deref());
        object.bare("won", Some(self.won_deals > 0));
        object.text("origin", Some(self.origin));
        object.text("modified", Some(&clock::zulu(self.modified)));
        object.text("created", Some(&clock::zulu(self.created)));
        write_prospect(world, self.index, object.value("prospect_info"));
        object.text("id", Some(&id(world, self.index)));
        object.bare("prospect", Some(vid(self.index)));
        object.close();
    }
}

/// Appends the company of a customer (`prospect_info`). Its business id has a dash if its country writes one.
fn write_prospect(world: &World, index: u32, out: &mut String) {
    let mut text = String::new();
    let mut field = |field| world.text(index, field, &mut text).then(|| text.clone());
    let mut object = Object::open(out);
    object.bare("vid", Some(vid(index)));
    object.text("company_name", field(Field::CompanyName).as_deref());
    object.text("business_id", dashed(world, index).as_deref());
    object.text("country", field(Field::Country).as_deref());
    object.text("domain", field(Field::Domain).as_deref());
    object.close();
}

/// The business id as its country writes it: `2822996-6` in Finland. `None` if there is no such company.
pub(in crate::simulator) fn dashed(world: &World, index: u32) -> Option<String> {
    let company = world.company(index)?;
    let mut id = String::new();
    company.push_id(&mut id);
    match company.country {
        Country::Fi => id.insert(7, '-'),
        Country::Se => id.insert(6, '-'),
        Country::No | Country::Dk => {}
    }
    Some(id)
}
