//! Opens the file: refuses what is not ours, creates what is missing, and settles how durable a write is.

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Executor, SqlitePool};

use super::super::StoreError;
use super::super::sql::whole;

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations/sqlite");

/// `PORT`, as the first migration writes it into the header.
const APPLICATION_ID: i64 = 0x504f_5254;

/// How long a statement waits for another process that holds the file.
const BUSY: Duration = Duration::from_secs(10);

/// How often opening is tried again where another process brings the schema up to date at the same moment.
const ATTEMPTS: u32 = 20;

pub(super) async fn open(path: &Path) -> Result<(SqlitePool, SqlitePool), StoreError> {
    let ours = create_private(path).map_err(|error| refuse(path, error.to_string()))?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        // In WAL mode `NORMAL` may lose the last transactions with the power; an acceptance or a decision must not be lost.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY);
    let pool = |size: u32| SqlitePoolOptions::new().max_connections(size).acquire_timeout(BUSY);
    let mut attempt = 1;
    let writer = loop {
        // A store is never empty, so this one was cut off, or another process is about to furnish it.
        if !ours && std::fs::metadata(path).is_ok_and(|file| file.len() == 0) {
            if attempt == ATTEMPTS {
                return Err(refuse(path, "it is empty; restore it from a copy, or remove it to begin anew".to_owned()));
            }
            pause(&mut attempt).await;
            continue;
        }
        let writer = pool(1).connect_with(options.clone()).await.map_err(|error| refuse(path, explain(&error)))?;
        match prepare(&writer).await {
            Ok(()) => break writer,
            Err(Refusal::Race(_)) if attempt < ATTEMPTS => {
                writer.close().await;
                pause(&mut attempt).await;
            }
            Err(Refusal::Race(why) | Refusal::Final(why)) => return Err(refuse(path, why)),
        }
    };
    let readers = pool(4).connect_with(options.read_only(true)).await.map_err(|error| refuse(path, explain(&error)))?;
    Ok((writer, readers))
}

/// Waits longer each time: four seconds in all.
async fn pause(attempt: &mut u32) {
    tokio::time::sleep(Duration::from_millis(20) * *attempt).await;
    *attempt += 1;
}

enum Refusal {
    /// Perhaps another process was in the middle of the same.
    Race(String),
    Final(String),
}

async fn prepare(writer: &SqlitePool) -> Result<(), Refusal> {
    let damaged = |error: sqlx::Error| Refusal::Final(explain(&error));
    let id: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(writer).await.map_err(damaged)?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE '\\_sqlx%' ESCAPE '\\'")
        .fetch_one(writer)
        .await
        .map_err(damaged)?;
    if id != APPLICATION_ID && (id != 0 || tables != 0) {
        let foreign = "it is a database of another program; name another file".to_owned();
        // The two questions are two looks: another process may have made the tables in between, and the id with them.
        return Err(if id == 0 { Refusal::Race(foreign) } else { Refusal::Final(foreign) });
    }
    let check: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(writer).await.map_err(damaged)?;
    if check != "ok" {
        return Err(Refusal::Final(format!("it is damaged ({check}); restore it from a copy, or move it away to begin anew")));
    }
    MIGRATIONS.run(writer).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) => Refusal::Final(format!(
            "a newer version of Portcullis has written it (schema {version}); upgrade, or name another file"
        )),
        MigrateError::VersionMismatch(version) => {
            Refusal::Final(format!("its schema {version} is not the one this version knows; it was made by another build"))
        }
        error => Refusal::Race(error.to_string()),
    })?;
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'").fetch_all(writer).await.map_err(damaged)?;
    whole(&tables).map_err(Refusal::Final)?;
    // What the last process left in the journal is folded in now rather than carried on.
    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.map_err(damaged)?;
    Ok(())
}

/// Creates the file for its owner alone, where there is none; SQLite gives its journal the same mode.
fn create_private(path: &Path) -> std::io::Result<bool> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    match options.open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

fn refuse(path: &Path, why: String) -> StoreError {
    StoreError::Open { place: path.display().to_string(), why }
}

fn explain(error: &sqlx::Error) -> String {
    match error.as_database_error().and_then(|e| e.code()).as_deref() {
        Some("26") => "it is not a database; move it away to begin anew, or name another file".to_owned(),
        Some("11") => "it is damaged; restore it from a copy, or move it away to begin anew".to_owned(),
        _ => error.to_string(),
    }
}
