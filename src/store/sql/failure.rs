//! What a database complains of, in our words.

use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

use crate::store::StoreError;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(said) => {
                let code = said.code().unwrap_or_default();
                if said.try_downcast_ref::<SqliteError>().is_some() {
                    of_sqlite(&code, error.to_string())
                } else if said.try_downcast_ref::<PgDatabaseError>().is_some() {
                    of_postgres(&code, error.to_string())
                } else {
                    Self::Database(error.to_string())
                }
            }
            sqlx::Error::PoolTimedOut => {
                Self::Unavailable("no connection in time: the database is down, out of reach, or has too much to do".to_owned())
            }
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                Self::Unavailable(error.to_string())
            }
            _ => Self::Database(error.to_string()),
        }
    }
}

fn of_sqlite(code: &str, said: String) -> StoreError {
    // The low byte is the primary result code: 5 busy, 6 locked, 10 input and output, 13 full; 11 corrupt, 26 no database.
    match code.parse::<u32>().map(|code| code & 0xff) {
        Ok(5 | 6 | 10 | 13) => StoreError::Unavailable(said),
        // Nothing but its words tells a table or a column that we made and that is gone from a statement that is wrong.
        Ok(1) if ["no such table", "no such column"].iter().any(|gone| said.contains(gone)) => {
            StoreError::Damaged { what: format!("a table ({said})") }
        }
        Ok(11 | 26) => StoreError::Damaged { what: format!("a page ({said})") },
        _ => StoreError::Database(said),
    }
}

/// By the class of the SQLSTATE, which is its first two characters, or by the whole.
fn of_postgres(code: &str, said: String) -> StoreError {
    let passing = ["08", "40", "53", "57", "58"].iter().any(|class| code.starts_with(class));
    // 55P03: a lock that was not given in time. 25006: a standby, or a database set to read only. 25P03: idle in a transaction.
    if passing || matches!(code, "55P03" | "25006" | "25P03") {
        return StoreError::Unavailable(said);
    }
    // XX001, XX002: a page or an index is corrupt. 42P01, 42703: a table or a column that we made is gone.
    if matches!(code, "XX001" | "XX002" | "42P01" | "42703") {
        return StoreError::Damaged { what: format!("a table ({said})") };
    }
    StoreError::Database(said)
}
