//! Keeps what a command writes inside the repository it was asked about.

use std::path::Path;

use super::CommandError;

/// A link on the way could lead what is written to anywhere on this machine.
pub(super) fn stays_inside(top: &Path, at: &Path) -> Result<(), CommandError> {
    let inside =
        at.strip_prefix(top).map_err(|_| CommandError::internal(format!("{} lies outside of the repository", at.display())))?;
    let mut here = top.to_owned();
    for part in inside.components() {
        here.push(part);
        if here.symlink_metadata().is_ok_and(|found| found.is_symlink()) {
            return Err(CommandError::could_not_judge(format!(
                "{} is a symbolic link, and is not written through",
                here.display()
            )));
        }
    }
    Ok(())
}
