//! From landed pages to staging files.

use std::path::Path;

use crate::catalog::Stream;
use crate::error::Error;
use crate::extract::ExtractError;
use crate::extract::landing::read_page;
use crate::extract::runs::LandedRun;
use crate::normalise::{LandedPage, StageOptions, stage};
use crate::staging::Staged;

/// Normalises the pages of a run into staging files.
pub(super) fn stage_run(stream: &'static Stream, run: &LandedRun, folder: &Path) -> Result<Staged, Error> {
    let pages = run.accepted_pages().into_iter().map(|(key, at)| {
        let body = read_page(&run.folder, &at)?;
        Ok(LandedPage {
            number: at.number,
            list: key.list,
            fetched_at_us: at.fetched_at_us,
            parent: Vec::new(),
            body,
        })
    });
    stage_pages(stream, &run.header.run_id, pages, folder)
}

/// Normalises pages, newest first, into the staging folder, which is emptied before.
pub(crate) fn stage_pages(
    stream: &'static Stream,
    run_id: &str,
    pages: impl Iterator<Item = Result<LandedPage, ExtractError>> + Send,
    folder: &Path,
) -> Result<Staged, Error> {
    clear(folder)?;
    Ok(stage(stream, run_id, pages, &StageOptions::new(folder.join("rows")))?)
}

/// Removes what an earlier session left in the staging folder.
pub(super) fn clear(folder: &Path) -> Result<(), Error> {
    fs_err::create_dir_all(folder)?;
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { fs_err::remove_dir_all(path)? } else { fs_err::remove_file(path)? }
    }
    Ok(())
}
