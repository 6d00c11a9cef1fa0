//! The paths to which a verdict is restricted: from what a person wrote in some directory to what the catalog calls its files.

use std::path::{Component, Path, PathBuf};

use crate::catalog::{Catalog, Located, Table};
use crate::model::FilePath;

use super::CommandError;
use super::judging::Judged;

/// Files and directories of one repository.
#[derive(Clone, Debug, Default)]
pub(super) struct Paths {
    /// From the top of the repository, with `/`; the top itself is `.`.
    shown: Vec<String>,
    asked: Vec<Asked>,
}

#[derive(Clone, Debug)]
struct Asked {
    written: PathBuf,
    part: Part,
    exists: bool,
}

/// Which part of the catalog a path is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    /// All of it: the catalog's directory, or one above.
    Whole,
    /// A file of it, or a directory and what is below.
    Inside(String),
    /// None.
    Outside,
}

impl Paths {
    /// Understands paths relative to the current directory; `top` is the work tree, without which they are relative to the top
    /// of the tree, and `root` the catalog's directory below it.
    pub(super) fn resolve(written: &[PathBuf], top: Option<&Path>, root: &str) -> Result<Self, CommandError> {
        let mut out = Self::default();
        let top = top.map(settled).transpose()?;
        for path in written {
            let inside = match &top {
                Some(top) => settled(path)?.strip_prefix(top).map(Path::to_path_buf).map_err(|_| outside(path, top))?,
                None => lexically(path),
            };
            let names: Option<Vec<&str>> = inside.components().map(|part| part.as_os_str().to_str()).collect();
            let Some(names) = names else {
                return Err(CommandError::usage(format!(
                    "{} is not UTF-8, and no path of a catalog is like that",
                    path.display()
                )));
            };
            let name = names.join("/");
            let part = part_of(&name, root.trim_matches('/'));
            let exists = top.as_ref().is_some_and(|top| top.join(&inside).symlink_metadata().is_ok());
            out.shown.push(if name.is_empty() { ".".to_owned() } else { name });
            out.asked.push(Asked { written: path.clone(), part, exists });
        }
        Ok(out)
    }

    /// The paths as a reader is told them; empty where nothing is restricted.
    pub(super) fn asked(&self) -> &[String] {
        &self.shown
    }

    /// Whether a file of the catalog is one of them.
    pub(super) fn hold(&self, file: &FilePath) -> bool {
        self.asked.iter().any(|asked| asked.part.holds(file))
    }

    /// A slip of the pen in a path must not look like a clean file.
    pub(super) fn must_name_something(&self, judged: &Judged) -> Result<(), CommandError> {
        for asked in self.asked.iter().filter(|asked| !asked.exists) {
            let known = judged.catalogs.iter().any(|catalog| any_file(catalog, &|file| asked.part.holds(file)));
            let told = || judged.verdict.findings.iter().filter_map(|f| f.place.as_ref()).any(|p| asked.part.holds(&p.file));
            if !known && !told() {
                let message = format!("{} names no file, neither here nor in what is judged", asked.written.display());
                return Err(CommandError::usage(message).hint("paths are relative to the current directory"));
            }
        }
        Ok(())
    }
}

impl Part {
    fn holds(&self, file: &FilePath) -> bool {
        match self {
            Self::Whole => true,
            Self::Inside(path) => file.as_str().strip_prefix(path.as_str()).is_some_and(|r| r.is_empty() || r.starts_with('/')),
            Self::Outside => false,
        }
    }
}

fn part_of(path: &str, root: &str) -> Part {
    let below = |path: &str, directory: &str| match directory {
        "" => Some(path.to_owned()),
        directory => {
            path.strip_prefix(directory).filter(|r| r.is_empty() || r.starts_with('/')).map(|r| r.trim_matches('/').to_owned())
        }
    };
    match below(path, root) {
        Some(inside) if inside.is_empty() => Part::Whole,
        Some(inside) => Part::Inside(inside),
        None if below(root, path).is_some() => Part::Whole,
        None => Part::Outside,
    }
}

fn any_file(catalog: &Catalog, holds: &dyn Fn(&FilePath) -> bool) -> bool {
    fn of<K: Ord + Clone, T: Clone>(table: &Table<K, T>, holds: &dyn Fn(&FilePath) -> bool) -> bool {
        let stands = |located: &Located<T>| holds(&located.file);
        table.iter().any(|(_, one)| stands(one)) || table.duplicates().any(|(_, more)| more.iter().any(|one| stands(one)))
    }
    of(catalog.policies(), holds)
        || of(catalog.blueprints(), holds)
        || catalog.entities().files().any(|file| holds(&file))
        || of(catalog.permissions(), holds)
        || of(catalog.actions(), holds)
        || of(catalog.runs(), holds)
        || of(catalog.users(), holds)
        || of(catalog.teams(), holds)
        || catalog.broken_files().iter().any(|(file, _)| holds(file))
}

/// Absolute, with links resolved as far as there is something: what is gone can still be named.
fn settled(path: &Path) -> Result<PathBuf, CommandError> {
    let unusable = |error| CommandError::usage(format!("`{}` is no path", path.display())).because(&error);
    let absolute = std::path::absolute(path).map_err(unusable)?;
    for ancestor in absolute.ancestors() {
        if let (Ok(found), Ok(rest)) = (ancestor.canonicalize(), absolute.strip_prefix(ancestor)) {
            return Ok(lexically(&found.join(rest)));
        }
    }
    Ok(lexically(&absolute))
}

/// Without `.` and `..`.
fn lexically(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

fn outside(path: &Path, top: &Path) -> CommandError {
    CommandError::usage(format!("{} lies outside of the repository at {}", path.display(), top.display()))
        .hint("paths are relative to the current directory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_part_of_the_catalog_or_none() {
        let inside = |path: &str| Part::Inside(path.to_owned());
        assert_eq!(part_of("", ""), Part::Whole);
        assert_eq!(part_of("entities/Env", ""), inside("entities/Env"));
        assert_eq!(part_of("platform/catalog/teams", "platform/catalog"), inside("teams"));
        assert_eq!(part_of("platform", "platform/catalog"), Part::Whole);
        assert_eq!(part_of("platform/cat", "platform/catalog"), Part::Outside);
        assert_eq!(part_of("platform/catalogue", "platform/catalog"), Part::Outside);
    }

    #[test]
    fn a_directory_holds_what_is_below_it_and_no_more() {
        let holds = |path: &str, file: &str| Part::Inside(path.to_owned()).holds(&FilePath::new(file));
        assert!(holds("entities/Env", "entities/Env/prod.yaml") && holds("entities/a.yaml", "entities/a.yaml"));
        assert!(!holds("entities/Env", "entities/Env2/prod.yaml") && !holds("entities/a", "entities/a.yaml"));
    }

    #[test]
    fn dots_are_followed_and_what_is_gone_can_be_named() {
        let top = tempfile::tempdir().unwrap();
        std::fs::create_dir(top.path().join("entities")).unwrap();
        let of = |path: &str| Paths::resolve(&[top.path().join(path)], Some(top.path()), "").map(|paths| paths.shown);
        assert_eq!(of("entities/./../entities/gone.yaml").unwrap(), ["entities/gone.yaml"]);
        assert_eq!(of(".").unwrap(), ["."]);
        assert!(of("../elsewhere").unwrap_err().text(false).contains("lies outside of the repository"));
    }

    #[test]
    fn without_a_work_tree_paths_are_those_of_the_tree() {
        let paths = Paths::resolve(&["./teams".into()], None, "").unwrap();
        assert!(paths.hold(&FilePath::new("teams/a.yaml")) && !paths.hold(&FilePath::new("users/a.yaml")));
    }
}
