//! Where the store is: in a file of this machine, or in a PostgreSQL that several replicas share.

use std::fmt;
use std::path::PathBuf;

use crate::store::PostgresAddress;

use super::{ConfigError, Reader, Texts, secret};

/// Where the store is. It prints without a password.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // there is one in a process
pub enum StorePlace {
    /// The embedded database, in this file.
    File(PathBuf),
    /// A PostgreSQL.
    Postgres(PostgresAddress),
}

impl fmt::Display for StorePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Postgres(address) => address.fmt(f),
        }
    }
}

impl StorePlace {
    /// Reads a file's name, or the address of a database.
    ///
    /// # Errors
    /// What to write instead; the text is not repeated, as a password may be in it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if PostgresAddress::is_meant(text) {
            return PostgresAddress::parse(text).map(Self::Postgres).map_err(|error| error.to_string());
        }
        match text.split_once("://") {
            Some((scheme, _)) => Err(format!("`{scheme}` is no kind of store: write a file's name, or `postgres://…`")),
            None => Ok(Self::File(PathBuf::from(text))),
        }
    }

    /// The same with the password that the environment names for it, where it does.
    #[must_use]
    pub fn with_password_of(self, env: &dyn Fn(&str) -> Option<String>) -> Self {
        match (self, env(PASSWORD)) {
            (Self::Postgres(address), Some(password)) => Self::Postgres(address.with_password(&password)),
            (place, _) => place,
        }
    }

    /// The file; `None` of a database elsewhere.
    pub fn file(&self) -> Option<&std::path::Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

/// The variable that holds the password of the store.
const PASSWORD: &str = "PORTCULLIS_STORE_PASSWORD";

/// Reads where the store is, and its password. The store is opened by commands that need no other secret, so this one is always read.
pub(super) fn store(
    texts: &Texts,
    env: &dyn Fn(&str) -> Option<String>,
    warnings: &mut Vec<String>,
    errors: &mut Vec<ConfigError>,
) -> Option<StorePlace> {
    let said = texts.get("store").cloned();
    let place = Reader { texts, errors }.get("store", StorePlace::parse);
    if said.is_some() && place.is_none() {
        return None;
    }
    if let Some((at, text)) = &said
        && PostgresAddress::is_meant(text)
        && holds_password(text)
        && !at.starts_with("PORTCULLIS_")
    {
        let message = format!("a password does not stand here: name its file with `storePasswordFile`, or set {PASSWORD}");
        errors.push(ConfigError::new(at, message));
        return None;
    }
    let place = place.or_else(|| Some(StorePlace::File(state_directory(env)?.join("portcullis.db"))));
    let password = secret::Place { file: texts.get("storePasswordFile").cloned(), variable: PASSWORD, env };
    match place {
        None => {
            errors.push(ConfigError::new("store", "HOME is not set, so say where the store is: --store FILE"));
            None
        }
        Some(StorePlace::Postgres(address)) if password.is_said() => {
            let password = password.read(warnings, errors)?;
            Some(StorePlace::Postgres(address.with_password(password.trim_end_matches(['\r', '\n']))))
        }
        Some(StorePlace::File(_)) if texts.contains_key("storePasswordFile") => {
            errors.push(ConfigError::new(&password.said_at(), "a store in a file has no password: `store` says `postgres://…`?"));
            None
        }
        place => place,
    }
}

/// Whether an address carries a password, before its host or among its parameters.
fn holds_password(address: &str) -> bool {
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    let parameters = rest.split_once('?').map_or("", |(_, parameters)| parameters);
    user.is_some_and(|user| user.contains(':')) || parameters.split('&').any(|parameter| parameter.starts_with("password="))
}

/// Where state is kept where nobody says: by the XDG base directories.
pub(super) fn state_directory(env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let state = env("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(PathBuf::from(env("HOME")?).join(".local/state")))?;
    Some(state.join("portcullis"))
}
