//! The stage: a bare repository with the example catalog, a clone to work in, and keys for everyone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use include_dir::{Dir, DirEntry, include_dir};

use crate::cli::CommandError;

use super::people::{CAST, Person};
use super::receiver::Receiver;

/// The example catalog, as this program was built with it.
static EXAMPLE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/examples/catalog-repo");

/// Where everything happens. A temporary one goes with this value.
#[derive(Debug)]
pub(super) struct Stage {
    root: PathBuf,
    people: Vec<Person>,
    receiver: Receiver,
    _temporary: Option<tempfile::TempDir>,
}

impl Stage {
    /// Lays the repository: keys, the catalog with those keys in its roster and `identity: signature`, signed by its Admin. Environments are
    /// built by a receiver of the stage's own.
    pub(super) fn set(dir: Option<&Path>) -> Result<Self, CommandError> {
        let (root, temporary) = match dir {
            Some(dir) => (empty(dir)?, None),
            None => {
                let made = tempfile::Builder::new().prefix("portcullis-demo-").tempdir().map_err(|error| broken(&error))?;
                (made.path().to_owned(), Some(made))
            }
        };
        for part in ["keys", "home", "work"] {
            fs::create_dir_all(root.join(part)).map_err(|error| broken(&error))?;
        }
        let people = CAST.iter().map(|(name, email)| Person::enrol(name, email, &root.join("keys"))).collect::<Result<_, _>>()?;
        let stage = Self { root, people, receiver: Receiver::listen()?, _temporary: temporary };
        stage.lay()?;
        Ok(stage)
    }

    fn lay(&self) -> Result<(), CommandError> {
        let alice = self.person("alice")?;
        self.git_in(&self.root, alice, &["init", "-q", "--bare", "-b", "main", "catalog.git"])?;
        self.git(alice, &["init", "-q", "-b", "main"])?;
        self.git(alice, &["remote", "add", "origin", &self.origin().display().to_string()])?;
        extract(&EXAMPLE, &self.work()).map_err(|error| broken(&error))?;
        self.edit("catalog.yaml", |text| text.replace("\nidentity: declared", "\nidentity: signature"))?;
        self.edit("actions/create_env.yaml", |text| {
            text.replace("https://platform.acme.example/", &format!("http://{}/", self.receiver.address()))
                .replace("synchronized: false # whoever is called reports the outcome later, by the API", "synchronized: true")
        })?;
        for person in &self.people {
            let keys = format!("signingKeys:\n  - {}\n", person.public);
            self.edit(&format!("users/{}.yaml", person.name), |text| format!("{}\n{keys}", text.trim_end()))?;
        }
        self.git(alice, &["add", "-A"])?;
        self.git(alice, &["commit", "-q", "-S", "-m", "Lay the catalog"])?;
        self.git(alice, &["push", "-q", "origin", "main"])?;
        Ok(())
    }

    /// Whoever is asked to perform runs.
    pub(super) fn receiver(&self) -> &Receiver {
        &self.receiver
    }

    /// The bare repository that the daemon watches.
    pub(super) fn origin(&self) -> PathBuf {
        self.path("catalog.git")
    }

    /// The clone that everyone works in.
    pub(super) fn work(&self) -> PathBuf {
        self.path("work")
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(super) fn person(&self, name: &str) -> Result<&Person, CommandError> {
        self.people.iter().find(|p| p.name == name).ok_or_else(|| CommandError::internal(format!("nobody is called {name}")))
    }

    /// Changes a file of the clone.
    pub(super) fn edit(&self, path: &str, change: impl FnOnce(String) -> String) -> Result<(), CommandError> {
        let file = self.work().join(path);
        let before = fs::read_to_string(&file).map_err(|error| broken(&error))?;
        let after = change(before.clone());
        if after == before {
            return Err(CommandError::internal(format!("nothing to change in {path}")));
        }
        fs::write(&file, after).map_err(|error| broken(&error))
    }

    /// Writes a new file of the clone.
    pub(super) fn write(&self, path: &str, text: &str) -> Result<(), CommandError> {
        fs::write(self.work().join(path), text).map_err(|error| broken(&error))
    }

    /// `git` in the clone, as this person; what it prints.
    pub(super) fn git(&self, who: &Person, args: &[&str]) -> Result<String, CommandError> {
        self.git_in(&self.work(), who, args)
    }

    /// The same without insisting that it succeeds.
    pub(super) fn try_git(&self, who: &Person, args: &[&str]) -> Result<Output, CommandError> {
        self.command(&self.work(), who).args(args).output().map_err(|error| no_git(&error))
    }

    fn git_in(&self, dir: &Path, who: &Person, args: &[&str]) -> Result<String, CommandError> {
        let output = self.command(dir, who).args(args).output().map_err(|error| no_git(&error))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(CommandError::could_not_judge(format!("`git {}` failed", args.join(" "))).hint(said.trim()));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// Nothing of the person's own configuration gets in, and nothing of the stage gets out.
    fn command(&self, dir: &Path, who: &Person) -> Command {
        let mut git = Command::new("git");
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            git.env_remove(name);
        }
        git.current_dir(dir)
            .env("HOME", self.path("home"))
            .env("GIT_CONFIG_GLOBAL", self.path("home").join("gitconfig"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .args(["-c", &format!("user.name={}", who.name), "-c", &format!("user.email={}", who.email)])
            .args(["-c", "gpg.format=ssh", "-c", &format!("user.signingKey={}", who.key.display())])
            .args(["-c", "advice.detachedHead=false", "-c", "commit.gpgSign=true"]);
        git
    }
}

fn empty(dir: &Path) -> Result<PathBuf, CommandError> {
    fs::create_dir_all(dir).map_err(|error| broken(&error))?;
    let mut inside = fs::read_dir(dir).map_err(|error| broken(&error))?;
    if inside.next().is_some() {
        return Err(
            CommandError::usage(format!("{} is not empty", dir.display())).hint("name a directory that is empty or absent")
        );
    }
    std::path::absolute(dir).map_err(|error| broken(&error))
}

fn extract(from: &Dir<'_>, to: &Path) -> std::io::Result<()> {
    for entry in from.entries() {
        let path = to.join(entry.path());
        match entry {
            DirEntry::Dir(dir) => {
                fs::create_dir_all(&path)?;
                extract(dir, to)?;
            }
            DirEntry::File(file) => fs::write(&path, file.contents())?,
        }
    }
    Ok(())
}

fn broken(error: &dyn std::error::Error) -> CommandError {
    CommandError::could_not_judge("the stage cannot be set").because(error)
}

fn no_git(error: &dyn std::error::Error) -> CommandError {
    CommandError::could_not_judge("`git` cannot be run").because(error).hint("install git 2.34 or newer: it signs with SSH keys")
}
