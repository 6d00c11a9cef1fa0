//! Reads what is to be imported: files, directories, standard input.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::cli::CommandError;
use crate::import::Input;

/// What one input may hold: an export of a large portal is some hundred megabytes.
const MOST_BYTES: u64 = 512 << 20;

/// How deep directories are looked through.
const DEEPEST: usize = 32;

/// The files, in the order in which they are named.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<Input>, CommandError> {
    paths.iter().map(|path| input(path)).collect()
}

/// The same; of directories, every YAML file with a document of Backstage in it.
pub(super) fn files_and_directories(paths: &[PathBuf]) -> Result<Vec<Input>, CommandError> {
    let mut out = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = out.len();
            directory(path, &mut out, 0)?;
            if out.len() == before {
                let message = format!("there is no document of Backstage below {}", path.display());
                return Err(CommandError::could_not_judge(message).hint("they are in YAML, with `apiVersion: backstage.io/…`"));
            }
        } else {
            out.push(input(path)?);
        }
    }
    Ok(out)
}

fn directory(path: &Path, out: &mut Vec<Input>, depth: usize) -> Result<(), CommandError> {
    if depth > DEEPEST {
        return Ok(());
    }
    let failed = |error: std::io::Error| cannot_read(path, &error);
    let mut entries = fs::read_dir(path).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() && !matches!(name.as_str(), ".git" | "node_modules" | "target") {
            directory(&path, out, depth + 1)?;
        } else if kind.is_file() && (name.ends_with(".yaml") || name.ends_with(".yml")) {
            let found = input(&path)?;
            if is_of_backstage(&found.bytes) {
                out.push(found);
            }
        }
    }
    Ok(())
}

fn is_of_backstage(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).lines().any(|line| {
        line.strip_prefix("apiVersion:")
            .is_some_and(|version| version.trim_start().trim_start_matches(['"', '\'']).starts_with("backstage.io/"))
    })
}

fn input(path: &Path) -> Result<Input, CommandError> {
    let mut bytes = Vec::new();
    let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(MOST_BYTES + 1).read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
    };
    let read = read.map_err(|error| cannot_read(path, &error))?;
    if u64::try_from(read).unwrap_or(u64::MAX) > MOST_BYTES {
        return Err(CommandError::usage(format!("{name} has more than {} MiB", MOST_BYTES >> 20)).hint("import it in parts"));
    }
    Ok(Input { name, bytes })
}

fn cannot_read(path: &Path, error: &std::io::Error) -> CommandError {
    CommandError::usage(format!("{} cannot be read", path.display())).because(error)
}
