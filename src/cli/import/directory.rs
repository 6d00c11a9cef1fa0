//! The directory that is imported into: read without following links, and never written outside of.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::catalog::kind_of;
use crate::cli::CommandError;
use crate::import::{Plan, Reason};
use crate::model::{FilePath, Kind};

/// How deep directories are looked through.
const DEEPEST: usize = 32;

/// A catalog's directory, which need not be there yet.
pub(super) struct Directory {
    root: PathBuf,
}

impl Directory {
    pub(super) fn open(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The documents' files.
    pub(super) fn files(&self) -> Result<Vec<(FilePath, Vec<u8>)>, CommandError> {
        let mut out = Vec::new();
        let policy = Kind::Policy.directory();
        if self.root.join(policy).symlink_metadata().is_ok_and(|found| found.is_file()) {
            out.push((FilePath::new(policy), self.read(policy)?));
        }
        for kind in Kind::WITH_DIRECTORY {
            self.below(kind.directory(), &mut out, 0)?;
        }
        out.sort();
        Ok(out)
    }

    fn below(&self, directory: &str, out: &mut Vec<(FilePath, Vec<u8>)>, depth: usize) -> Result<(), CommandError> {
        let at = self.root.join(directory);
        let failed =
            |error: std::io::Error| CommandError::could_not_judge(format!("cannot read {}", at.display())).because(&error);
        match at.symlink_metadata() {
            Ok(found) if found.is_dir() && depth < DEEPEST => {}
            Ok(found) if found.is_symlink() => return Err(is_a_link(&at)),
            _ => return Ok(()),
        }
        for entry in fs::read_dir(&at).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let path = format!("{directory}/{name}");
            if kind.is_dir() {
                self.below(&path, out, depth + 1)?;
            } else if kind.is_file() && kind_of(&FilePath::new(&path)).is_some() {
                out.push((FilePath::new(&path), self.read(&path)?));
            }
        }
        Ok(())
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, CommandError> {
        let at = self.root.join(path);
        fs::read(&at).map_err(|error| CommandError::could_not_judge(format!("cannot read {}", at.display())).because(&error))
    }

    /// Nothing is written before every way is known to stay inside.
    pub(super) fn must_not_be_led_astray(&self, plan: &Plan) -> Result<(), CommandError> {
        plan.files.iter().try_for_each(|file| self.stays_inside(&file.path, file.reason))
    }

    /// A link on the way could lead what is written to anywhere on this machine.
    fn stays_inside(&self, path: &FilePath, reason: Reason) -> Result<(), CommandError> {
        let parts: Vec<&str> = path.as_str().split('/').collect();
        if parts.iter().any(|part| matches!(*part, "" | "." | "..") || part.contains('\\')) {
            return Err(CommandError::internal(format!("`{path}` is no path inside of the catalog")));
        }
        let mut here = self.root.clone();
        for part in parts {
            here.push(part);
            match here.symlink_metadata() {
                Ok(found) if found.is_symlink() => return Err(is_a_link(&here)),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                Err(error) => {
                    return Err(CommandError::could_not_judge(format!("cannot look at {}", here.display())).because(&error));
                }
            }
        }
        let expected = reason != Reason::New && here.is_file();
        if expected { Ok(()) } else { Err(CommandError::could_not_judge(format!("{} is in the way", here.display()))) }
    }

    /// Writes all of it, each file beside its place first and then into it.
    pub(super) fn write(&self, plan: &Plan) -> Result<(), CommandError> {
        for file in &plan.files {
            let at = self.root.join(file.path.as_str());
            let failed =
                |error: std::io::Error| CommandError::could_not_judge(format!("cannot write {}", at.display())).because(&error);
            let Some(directory) = at.parent() else { continue };
            fs::create_dir_all(directory).map_err(failed)?;
            let mut new = tempfile::Builder::new().prefix(".import-").tempfile_in(directory).map_err(failed)?;
            new.write_all(file.text.as_bytes()).map_err(failed)?;
            readable(new.path()).map_err(failed)?;
            new.persist(&at).map_err(|error| failed(error.error))?;
        }
        Ok(())
    }
}

/// A temporary file is its owner's alone; a document is not.
#[cfg(unix)]
fn readable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

fn is_a_link(path: &Path) -> CommandError {
    CommandError::could_not_judge(format!("{} is a symbolic link, and is neither read nor written through", path.display()))
        .hint("replace it by what it points at, or import into another directory with --out")
}
