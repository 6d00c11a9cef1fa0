//! Reads secrets from a file or a variable, and refuses what cannot be one; no word of a secret stands in an error.

use std::io::Read as _;

use ring::signature::RsaKeyPair;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;

use crate::forge::github::Secret;

use super::ConfigError;
use super::section::Entry;

/// A secret's file is no longer than this: a key of 16,384 bits has 13 KiB.
const LONGEST: u64 = 64 * 1024;

/// Bytes that a webhook's secret has at least: what is shorter can be guessed.
const SHORTEST_WEBHOOK_SECRET: usize = 16;

/// Where a secret is said.
pub(super) struct Place<'a> {
    /// The option that names its file: where it was said, and the file.
    pub(super) file: Option<(String, String)>,
    /// The variable that holds it.
    pub(super) variable: &'a str,
    /// The environment.
    pub(super) env: &'a dyn Fn(&str) -> Option<String>,
}

impl Place<'_> {
    /// Whether it is said at all.
    pub(super) fn is_said(&self) -> bool {
        self.file.is_some() || (self.env)(self.variable).is_some()
    }

    /// Where.
    pub(super) fn said_at(&self) -> String {
        self.file.as_ref().map_or_else(|| self.variable.to_owned(), |(place, _)| place.clone())
    }

    /// The secret's text; `None` where it is not said or cannot be read.
    pub(super) fn read(&self, warnings: &mut Vec<String>, errors: &mut Vec<ConfigError>) -> Option<String> {
        let variable = (self.env)(self.variable);
        let Some((place, name)) = &self.file else { return variable };
        if variable.is_some() {
            errors.push(ConfigError::new(place, format!("{} says it too: which of them holds?", self.variable)));
            return None;
        }
        let read = || {
            let file = std::fs::File::open(name)?;
            let mut text = String::new();
            file.take(LONGEST + 1).read_to_string(&mut text)?;
            std::io::Result::Ok(text)
        };
        match read() {
            Ok(text) if text.len() as u64 > LONGEST => {
                errors.push(ConfigError::new(place, format!("`{name}` is too long for a secret")));
                None
            }
            Ok(text) => {
                warnings.extend(read_by_others(name));
                Some(text)
            }
            Err(error) => {
                errors.push(ConfigError::new(place, format!("`{name}` cannot be read: {error}")));
                None
            }
        }
    }

    /// The value, or else what is wrong with it.
    pub(super) fn checked<T>(&self, value: Result<T, String>, errors: &mut Vec<ConfigError>) -> Option<T> {
        value.map_err(|message| errors.push(ConfigError::new(&self.said_at(), message))).ok()
    }
}

/// What reading secrets goes by, and what it leaves behind.
pub(super) struct Trouble<'a> {
    /// The environment.
    pub(super) env: &'a dyn Fn(&str) -> Option<String>,
    /// Whether secrets are wanted. Where they are not, none is read, and none is missed.
    pub(super) wanted: bool,
    /// What works and should be otherwise.
    pub(super) warnings: &'a mut Vec<String>,
}

impl Trouble<'_> {
    /// The secret at `place`, checked; `None` where it is not said, not wanted, or wrong.
    pub(super) fn read<T>(
        &mut self,
        place: &Place<'_>,
        check: impl FnOnce(&str) -> Result<T, String>,
        errors: &mut Vec<ConfigError>,
    ) -> Option<T> {
        if !self.wanted {
            return None;
        }
        let text = place.read(self.warnings, errors)?;
        place.checked(check(&text), errors)
    }
}

/// The secret that an entry names by a file or by a variable: the two `keys`. `what` begins the error where neither is said.
pub(super) fn of_entry<T>(
    entry: &Entry,
    (file, env): (&str, &str),
    what: &str,
    check: impl FnOnce(&str) -> Result<T, String>,
    trouble: &mut Trouble<'_>,
    errors: &mut Vec<ConfigError>,
) -> Option<T> {
    let own = |text: Option<(&str, &str)>| text.map(|(at, text)| (at.to_owned(), text.to_owned()));
    match (own(entry.text(file)), own(entry.text(env))) {
        (None, None) => {
            let message = format!("{what} name its file with `{file}`, or a variable with `{env}`");
            errors.push(ConfigError::new(&entry.place, message.trim_start()));
            None
        }
        (Some((at, _)), Some(_)) => {
            errors.push(ConfigError::new(&at, format!("`{env}` says it too: which of them holds?")));
            None
        }
        (Some(file), None) => trouble.read(&Place { file: Some(file), variable: "", env: &|_| None }, check, errors),
        (None, Some((at, variable))) => {
            if !trouble.wanted {
                return None;
            }
            let Some(text) = (trouble.env)(&variable) else {
                errors.push(ConfigError::new(&at, format!("the variable {variable} is not set")));
                return None;
            };
            check(&text).map_err(|message| errors.push(ConfigError::new(&at, message))).ok()
        }
    }
}

/// A secret of one line: a token, a password.
pub(super) fn line(text: &str) -> Result<Secret, String> {
    let text = text.trim();
    match () {
        () if text.is_empty() => Err("there is no secret in it".to_owned()),
        () if text.contains(char::is_control) => Err("a secret is one line".to_owned()),
        () => Ok(Secret::new(text)),
    }
}

/// A secret that two share and that is tried against by strangers, so that it must not be guessed.
pub(super) fn shared(text: &str) -> Result<Secret, String> {
    let secret = line(text)?;
    match secret.reveal().len() < SHORTEST_WEBHOOK_SECRET {
        true => Err(too_short()),
        false => Ok(secret),
    }
}

fn too_short() -> String {
    format!(
        "a secret that is shorter than {SHORTEST_WEBHOOK_SECRET} bytes can be guessed: `openssl rand -hex 32` makes a good one"
    )
}

/// What to say of a file that everybody on the machine can read.
#[cfg(unix)]
fn read_by_others(name: &str) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(name).ok()?.permissions().mode();
    (mode & 0o004 != 0).then(|| format!("`{name}` holds a secret, and everybody on this machine can read it: chmod 600"))
}

/// What to say of a file that everybody on the machine can read.
#[cfg(not(unix))]
fn read_by_others(_name: &str) -> Option<String> {
    None
}

/// The private key of an App.
pub(super) fn rsa_key(text: &str) -> Result<Secret, String> {
    // A variable often holds the lines in one.
    let lines = if text.contains('\n') { text.to_owned() } else { text.replace("\\n", "\n") };
    let wrong = |what: &str| {
        Err(format!(
            "{what}: it should be the file that GitHub lets you download, which begins with `-----BEGIN RSA PRIVATE KEY-----`"
        ))
    };
    let is_key = match PrivateKeyDer::from_pem_slice(lines.as_bytes()) {
        Ok(PrivateKeyDer::Pkcs1(der)) => RsaKeyPair::from_der(der.secret_pkcs1_der()).is_ok(),
        Ok(PrivateKeyDer::Pkcs8(der)) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).is_ok(),
        Ok(_) => false,
        Err(_) => return wrong("this is no private key in PEM"),
    };
    if is_key { Ok(Secret::new(&lines)) } else { wrong("this is no RSA key of 2,048 bits or more") }
}

/// A token.
pub(super) fn token(text: &str) -> Result<Secret, String> {
    let token = text.trim();
    match () {
        () if token.is_empty() => Err("there is no token in it".to_owned()),
        () if token.chars().any(|c| !c.is_ascii_graphic()) => {
            Err("this is no token: it should be one word, `github_pat_…`".to_owned())
        }
        () => Ok(Secret::new(token)),
    }
}

/// The secrets of a webhook, one a line.
pub(super) fn webhook(text: &str) -> Result<Vec<Secret>, String> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        return Err("there is no secret in it".to_owned());
    }
    if lines.iter().any(|line| line.len() < SHORTEST_WEBHOOK_SECRET) {
        return Err(too_short());
    }
    Ok(lines.into_iter().map(Secret::new).collect())
}
