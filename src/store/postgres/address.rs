//! Where a PostgreSQL store is, and how one gets in: a `postgres://` address whose password nobody is shown.

use std::fmt;
use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;

use crate::store::StoreError;

/// What may stand behind the `?` of an address. The library passes over what it does not know, so that `sslmod=verify-full` would be
/// no more than a wish; here it is refused.
const PARAMETERS: [&str; 17] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "user",
];

/// The address of a database. It prints without its password.
#[derive(Clone)]
pub struct PostgresAddress(PgConnectOptions);

impl PostgresAddress {
    /// Whether a text is meant to be such an address, rather than a file.
    pub fn is_meant(text: &str) -> bool {
        text.starts_with("postgres:") || text.starts_with("postgresql:")
    }

    /// Reads `postgres://user@host:port/database?sslmode=verify-full`. What it leaves out is taken from libpq's environment variables
    /// and password file.
    ///
    /// Fails with [`StoreError::Open`], which repeats nothing of the text, since a password may be in it.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let refuse = |why: String| StoreError::Open { place: "postgres://…".to_owned(), why };
        if !(text.starts_with("postgres://") || text.starts_with("postgresql://")) {
            return Err(refuse("write it as postgres://user@host:port/database".to_owned()));
        }
        let parameters = text.split_once('?').map_or("", |(_, parameters)| parameters);
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let key = parameter.split('=').next().unwrap_or_default();
            let option = key.starts_with("options[") && key.ends_with(']');
            if !option && !PARAMETERS.contains(&key) {
                return Err(refuse(format!("a parameter of the address is not known; known are {}", PARAMETERS.join(", "))));
            }
        }
        let options = PgConnectOptions::from_str(text).map_err(|error| refuse(format!("the address does not read: {error}")))?;
        Ok(Self(if options.get_application_name().is_none() { options.application_name("portcullis") } else { options }))
    }

    /// The same with this password.
    #[must_use]
    pub fn with_password(self, password: &str) -> Self {
        Self(self.0.password(password))
    }

    pub(super) fn options(&self) -> &PgConnectOptions {
        &self.0
    }
}

impl fmt::Display for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.0;
        write!(f, "postgres://{}@", options.get_username())?;
        match options.get_socket() {
            Some(socket) => write!(f, "{}", socket.display())?,
            None => write!(f, "{}:{}", options.get_host(), options.get_port())?,
        }
        write!(f, "/{}", options.get_database().unwrap_or(options.get_username()))
    }
}

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_prints_without_its_password() {
        for text in [
            "postgres://alice:s3cret@db.example.com:5433/catalog?sslmode=verify-full",
            "postgresql://alice@db.example.com:5433/catalog?password=s3cret",
        ] {
            let address = PostgresAddress::parse(text).unwrap().with_password("s3cret");
            assert_eq!(format!("{address} {address:?}").replace("postgres://alice@db.example.com:5433/catalog", "it"), "it it");
        }
    }

    #[test]
    fn what_does_not_read_is_refused_without_repeating_it() {
        for text in [
            "postgres:s3cret",
            "postgres://alice:s3cret@db.example.com:99999/catalog",
            "postgres://alice:s3cret@[half/catalog",
            "postgres://alice:s3cret@db/catalog?sslmod=verify-full",
            "postgres://alice@db/catalog?pasword=s3cret",
            "postgres://alice:s3cret@db/catalog?sslmode=perhaps",
        ] {
            let said = PostgresAddress::parse(text).unwrap_err().to_string();
            assert!(!said.contains("s3cret") && said.starts_with("cannot open the store"), "{said}");
        }
    }
}
