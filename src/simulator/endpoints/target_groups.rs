//! `/api/v1/target_groups/`: the target groups themselves, without their members.

use crate::simulator::data::groups::Group;
use crate::simulator::http::answer::Answer;
use crate::simulator::http::json::{Object, push_list};
use crate::simulator::http::server::{Asked, Shared};

/// Answers with all target groups.
pub(in crate::simulator) fn all(shared: &Shared, _asked: &Asked) -> Answer {
    let world = shared.world();
    let mut out = String::new();
    let rows = push_list(&mut out, world.groups(), None, |group, out| write(group, world.seed(), out));
    Answer::json(out).with_rows(rows)
}

/// Answers with one target group, or 404.
pub(in crate::simulator) fn one(shared: &Shared, _asked: &Asked, id: &str) -> Answer {
    let world = shared.world();
    let Some(group) = world.group(id) else { return Answer::detail(404, "Not found") };
    let mut out = String::new();
    write(group, world.seed(), &mut out);
    Answer::json(out)
}

/// Appends a target group as a JSON object.
pub(in crate::simulator) fn write(group: &Group, seed: u64, out: &mut String) {
    let mut object = Object::open(out);
    object.text("id", Some(&group.id(seed)));
    object.text("name", Some(group.name));
    object.bare("is_named_target_group", Some(group.is_named));
    object.bare("default", Some(group.is_default));
    object.close();
}
