//! What the comments' ref has ever named, so that rewriting its history takes no rejection back, not even over a restart.
//!
//! `refs/portcullis/seen/discuss` follows the ref. Where the ref no longer descends from it, the old tip is kept below
//! `refs/portcullis/rewritten/discuss/`. Approvals have to stand in the notes of today; rejections are read from all of these.

use git2::Oid;

use crate::forge::ForgeError;

use super::objects::Objects;
use super::record::COMMENTS;

const SEEN: &str = "refs/portcullis/seen/discuss";
const REWRITTEN: &str = "refs/portcullis/rewritten/discuss/";

/// Every tip whose history counts, that of today among them. Only `keeps` writes anything.
pub(super) fn tips(objects: &Objects, keeps: bool) -> Result<Vec<Oid>, ForgeError> {
    let (now, seen) = (objects.reference(COMMENTS)?, objects.reference(SEEN)?);
    if let Some(now) = now
        && seen != Some(now)
        && keeps
    {
        if let Some(seen) = seen
            && !objects.reaches(now, seen)?
        {
            tracing::warn!(was = %seen, is = %now, "the history of {COMMENTS} was rewritten; what it said before is kept");
            // Whether it is there already or somebody else puts it there: it is kept.
            objects.move_reference(&format!("{REWRITTEN}{seen}"), None, seen, "the notes were rewritten")?;
        }
        // Whoever moves it meanwhile has seen at least as much.
        objects.move_reference(SEEN, seen, now, "seen")?;
    }
    let mut tips = objects.references(REWRITTEN)?;
    tips.extend(seen);
    tips.extend(now);
    Ok(tips)
}
