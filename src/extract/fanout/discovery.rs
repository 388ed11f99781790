//! Finds the lists of parents, such as target groups, once the list of all parents has been read.

use crate::catalog::Parent;
use crate::crash::{self, Point};
use crate::extract::probe::ParentRecord;
use crate::extract::source::Source;
use crate::extract::{ExtractError, Plan};
use crate::landing::LandingError;
use crate::landing::ledger::{Entry, Verdict};

/// Maximum number of known parents that an error names.
const MOST_NAMED: usize = 10;

/// Notes the lists of the wanted parents in the ledger and returns their indexes, stream by stream.
pub(in crate::extract) async fn derive(source: &Source<'_>) -> Result<Vec<u32>, ExtractError> {
    let mut indices = Vec::new();
    for (planned, parent) in source.plan.of_parents() {
        let parents = wanted(source.plan, parent, source.parents(parent.stream))
            .inspect_err(|_| source.stop_starting())?;
        for one in &parents {
            let (index, list, is_new) = source.lists.of_parent(planned, &one.id);
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

/// Those of the parents whose ids or names the plan wants; all of them when it names none.
pub(in crate::extract) fn wanted(
    plan: &Plan,
    parent: &Parent,
    parents: Vec<ParentRecord>,
) -> Result<Vec<ParentRecord>, ExtractError> {
    let named = plan.wanted.get(parent.stream).map_or(&[][..], Vec::as_slice);
    let is = |one: &ParentRecord, text: &str| one.id == text || one.name.trim() == text.trim();
    if let Some(wanted) = named.iter().find(|text| !parents.iter().any(|one| is(one, text))) {
        let known = parents.iter().map(|one| one.name.clone()).take(MOST_NAMED).collect();
        return Err(ExtractError::NoSuchParent { noun: parent.noun, wanted: wanted.clone(), known });
    }
    let chosen = |one: &ParentRecord| named.is_empty() || named.iter().any(|text| is(one, text));
    Ok(parents.into_iter().filter(chosen).collect())
}

/// The evidence of a list whose parent was deleted while it was read, or cannot be asked for.
pub(in crate::extract) fn unread(source: &Source<'_>, list: u32, reason: String) -> Verdict {
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
        unfiltered: false,
    };
    source.observer.list_judged(&source.lists.get(list).named, &verdict);
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::TARGET_GROUP;

    fn found(named: &[&str]) -> Result<Vec<ParentRecord>, ExtractError> {
        let groups = [("1a", "Customers"), ("2b", "Customers"), ("3c", " Leads ")]
            .map(|(id, name)| ParentRecord { id: id.to_owned(), name: name.to_owned() });
        let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
        let plan = Plan { wanted: [(TARGET_GROUP.stream, named)].into(), ..Plan::default() };
        wanted(&plan, &TARGET_GROUP, groups.to_vec())
    }

    fn ids(named: &[&str]) -> Vec<String> {
        found(named).unwrap().into_iter().map(|group| group.id).collect()
    }

    #[test]
    fn groups_are_chosen_by_name_or_id_and_a_name_can_be_of_several() {
        assert_eq!(ids(&[]), ["1a", "2b", "3c"]);
        assert_eq!(ids(&["Customers"]), ["1a", "2b"]);
        assert_eq!(ids(&["2b", "Leads"]), ["2b", "3c"]);
    }

    #[test]
    fn a_name_that_is_not_there_is_an_error_with_those_that_are() {
        let error = found(&["Custommers"]).unwrap_err();
        assert_eq!(error.to_string(), "there is no target group `Custommers`");
        let ExtractError::NoSuchParent { wanted, known, .. } = error else { panic!("{error}") };
        assert_eq!((wanted.as_str(), known.len()), ("Custommers", 3));
    }
}
