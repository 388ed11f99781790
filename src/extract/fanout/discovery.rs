//! Finds the lists of target groups, once the list of all target groups has been read.

use crate::catalog::Lists;
use crate::crash::{self, Point};
use crate::extract::ExtractError;
use crate::extract::probe::Group;
use crate::extract::source::Source;
use crate::landing::LandingError;
use crate::landing::ledger::{Entry, Verdict};

/// Maximum number of known target groups that an error names.
const MOST_NAMED: usize = 10;

/// Notes the lists of the wanted target groups in the ledger and returns their indexes, stream by stream.
pub(in crate::extract) async fn derive(source: &Source<'_>) -> Result<Vec<u32>, ExtractError> {
    let of_groups =
        || source.plan.streams.iter().filter(|planned| planned.stream.lists == Lists::TargetGroups);
    if of_groups().next().is_none() {
        return Ok(Vec::new());
    }
    let groups =
        wanted(source.groups(), &source.plan.target_groups).inspect_err(|_| source.stop_starting())?;
    let mut indices = Vec::new();
    for planned in of_groups() {
        for group in &groups {
            let (index, list, is_new) = source.lists.of_target_group(planned, &group.id);
            if is_new {
                source.note(Entry::Found { index, list: list.named.clone() }).await?;
                crash::point(Point::ListFound)
                    .map_err(LandingError::from)
                    .inspect_err(|_| source.stop_starting())?;
            }
            indices.push(index);
        }
    }
    Ok(indices)
}

/// The groups with these ids or names; all groups when `named` is empty.
pub(in crate::extract) fn wanted(groups: Vec<Group>, named: &[String]) -> Result<Vec<Group>, ExtractError> {
    let is = |group: &Group, text: &str| group.id == text || group.name.trim() == text.trim();
    if let Some(wanted) = named.iter().find(|text| !groups.iter().any(|group| is(group, text))) {
        let known = groups.iter().map(|group| group.name.clone()).take(MOST_NAMED).collect();
        return Err(ExtractError::NoSuchGroup { wanted: wanted.clone(), known });
    }
    let chosen = |group: &Group| named.is_empty() || named.iter().any(|text| is(group, text));
    Ok(groups.into_iter().filter(chosen).collect())
}

/// The evidence of a list whose target group was deleted while it was read, or cannot be asked for.
pub(in crate::extract) fn gone(source: &Source<'_>, list: u32, reason: String) -> Verdict {
    let verdict = Verdict {
        list,
        rows_received: 0,
        distinct_keys: 0,
        total_before: None,
        total_after: None,
        effective_page_size: 0,
        sweeps: 1,
        complete: false,
        reasons: vec![reason],
        accepted: Vec::new(),
        not_found: 0,
        outside: 0,
        ids_asked: 0,
        missing_ids: Vec::new(),
        unreadable: 0,
    };
    source.observer.list_judged(&source.lists.get(list).named, &verdict);
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups() -> Vec<Group> {
        [("1a", "Customers"), ("2b", "Customers"), ("3c", " Leads ")]
            .map(|(id, name)| Group { id: id.to_owned(), name: name.to_owned() })
            .to_vec()
    }

    fn ids(named: &[&str]) -> Vec<String> {
        let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
        wanted(groups(), &named).unwrap().into_iter().map(|group| group.id).collect()
    }

    #[test]
    fn groups_are_chosen_by_name_or_id_and_a_name_can_be_of_several() {
        assert_eq!(ids(&[]), ["1a", "2b", "3c"]);
        assert_eq!(ids(&["Customers"]), ["1a", "2b"]);
        assert_eq!(ids(&["2b", "Leads"]), ["2b", "3c"]);
    }

    #[test]
    fn a_name_that_is_not_there_is_an_error_with_those_that_are() {
        let error = wanted(groups(), &["Custommers".to_owned()]).unwrap_err();
        let ExtractError::NoSuchGroup { wanted, known } = error else { panic!("{error}") };
        assert_eq!((wanted.as_str(), known.len()), ("Custommers", 3));
    }
}
