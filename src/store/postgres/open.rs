//! Opens the database: refuses what is not ours, makes what is missing, and settles what every connection keeps to.

use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::PgPoolOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection, PgPool, Row as _};

use crate::store::StoreError;
use crate::store::sql::whole;

use super::PostgresAddress;

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations/postgres");

/// A write sees what was committed before it was given its repository's lock, however the database is set.
pub(super) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// How long a connection may take to be made, or to come free.
const CONNECT: Duration = Duration::from_secs(10);

/// What a replica takes of the server's connections at most.
const CONNECTIONS: u32 = 8;

/// What every connection keeps to. A replica that vanished within a transaction must not keep a repository locked, and a server that is
/// set to forget the last commits with the power must not forget ours.
const SETTINGS: &str = "SET statement_timeout = '15s'; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '10s';
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// While the schema is brought up to date: as long as it takes, and the others wait.
const PATIENT: &str = "SET statement_timeout = 0; SET lock_timeout = '60s'";

pub(super) async fn open(address: &PostgresAddress) -> Result<PgPool, StoreError> {
    let refuse = |why: String| StoreError::Open { place: address.to_string(), why };
    let mut first = match tokio::time::timeout(CONNECT, address.options().connect()).await {
        Ok(connected) => connected.map_err(|error| refuse(explain(&error)))?,
        Err(_) => return Err(refuse(format!("nothing answers within {} seconds", CONNECT.as_secs()))),
    };
    let prepared = prepare(&mut first).await;
    // The lock of the migrations goes with the connection, so this is not left to whoever may drop it later.
    let _ = first.close().await;
    prepared.map_err(refuse)?;
    Ok(PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(CONNECT)
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute(SETTINGS).await?;
                Ok(())
            })
        })
        .connect_lazy_with(address.options().clone()))
}

async fn prepare(db: &mut PgConnection) -> Result<(), String> {
    let failed = |error: sqlx::Error| explain(&error);
    db.execute(PATIENT).await.map_err(failed)?;
    let row = sqlx::query(
        "SELECT current_schema()::text AS schema, pg_is_in_recovery() AS standby, current_setting('server_encoding') AS encoding",
    )
    .fetch_one(&mut *db)
    .await
    .map_err(failed)?;
    let encoding: String = row.try_get("encoding").map_err(failed)?;
    if encoding != "UTF8" {
        return Err(format!("its texts are in {encoding}; create a database with ENCODING 'UTF8'"));
    }
    if row.try_get::<bool, _>("standby").map_err(failed)? {
        return Err("it is a standby, which takes no writes; name the primary".to_owned());
    }
    if row.try_get::<Option<String>, _>("schema").map_err(failed)?.is_none() {
        return Err("no schema of its search_path is there; create one that the user may create tables in".to_owned());
    }
    let tables = tables(db).await.map_err(failed)?;
    if !tables.is_empty() && !tables.iter().any(|table| table == "portcullis_store") {
        return Err("the schema holds the tables of another program; name an empty database, or a schema of its own".to_owned());
    }
    MIGRATIONS.run_direct(None, db, false).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) => {
            format!("a newer version of Portcullis has made its schema ({version}); upgrade, or name another database")
        }
        MigrateError::VersionMismatch(version) => {
            format!("its schema {version} is not the one this version knows; it was made by another build")
        }
        MigrateError::Dirty(version) => format!("schema {version} was left half done; restore it from a copy"),
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => explain(&error),
        error => error.to_string(),
    })?;
    let tables = self::tables(db).await.map_err(failed)?;
    whole(&tables)
}

/// The tables of the schema, but for the list of migrations.
async fn tables(db: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() AND tablename NOT LIKE '\\_sqlx%'",
    )
    .fetch_all(db)
    .await
}

fn explain(error: &sqlx::Error) -> String {
    let hint = match error.as_database_error().and_then(|said| said.code()).as_deref() {
        Some("28P01" | "28000") => "; see to the user and the password",
        Some("3D000") => "; create it, or name another",
        Some("42501") => "; give the user a schema that it may create tables in",
        Some("55P03") => "; another replica is bringing the schema up to date, so try again",
        Some(_) => "",
        None if matches!(error, sqlx::Error::Io(_)) => "; is PostgreSQL running there?",
        None => "",
    };
    format!("{error}{hint}")
}
