//! What is opened and what is refused, whatever the database.

use std::collections::BTreeSet;
use std::path::Path;

use portcullis::store::{PostgresAddress, PostgresStore, StoreError};
use sqlx::{Connection, PgConnection};

use crate::cluster::Cluster;
use crate::world::World;

on_both_stores! {
    what_a_newer_version_has_written_is_left_alone
    what_another_program_has_made_is_left_alone
    what_another_build_has_made_is_refused
    a_schema_that_lacks_a_table_is_damaged
    a_table_that_goes_under_way_is_damage_and_no_answer
}

async fn what_a_newer_version_has_written_is_left_alone(world: World) {
    drop(world.open().await);
    let digest = if world.is_file() { "x'00'" } else { "'\\x00'" };
    let later = format!(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', TRUE, {digest}, 0)"
    );
    world.tamper(&later).await;
    let said = world.refused().await;
    assert!(said.contains("a newer version of Portcullis has") && said.contains("9999"), "{said}");
}

async fn what_another_program_has_made_is_left_alone(world: World) {
    world.tamper("CREATE TABLE songs (title TEXT)").await;
    let said = world.refused().await;
    assert!(said.contains("another program"), "{said}");
    world.tamper("DROP TABLE songs; CREATE TABLE leases (flat TEXT)").await;
    assert!(world.refused().await.contains("another program"), "also where a table is called as one of ours");
}

async fn what_another_build_has_made_is_refused(world: World) {
    drop(world.open().await);
    let digest = if world.is_file() { "x'00'" } else { "'\\x00'" };
    world.tamper(&format!("UPDATE _sqlx_migrations SET checksum = {digest} WHERE version = 1")).await;
    assert!(world.refused().await.contains("another build"));
}

#[test]
fn both_databases_are_migrated_in_step() {
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/migrations");
    let names = |database: &str| -> BTreeSet<_> {
        std::fs::read_dir(migrations.join(database)).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    for name in names("sqlite") {
        // What differs is what the databases call their types, and whose database it is.
        let meant = |database: &str| {
            let text = std::fs::read_to_string(migrations.join(database).join(&name)).unwrap();
            let tables = text.split("CREATE ").filter(|part| !part.starts_with("TABLE portcullis_store")).skip(1);
            let columns = text.lines().filter(|line| line.starts_with("ALTER "));
            let code = tables.map(|part| part.split("\n\n").next().unwrap()).chain(columns).collect::<Vec<_>>().join("\n");
            code.replace(" STRICT, WITHOUT ROWID", "")
                .replace(" STRICT", "")
                .replace(" GENERATED ALWAYS AS IDENTITY", "")
                .replace(" COLLATE \"C\"", "")
                .replace("BIGINT", "INTEGER")
        };
        assert_eq!(meant("sqlite"), meant("postgres"), "{name:?}");
    }
}

async fn a_schema_that_lacks_a_table_is_damaged(world: World) {
    drop(world.open().await);
    world.tamper("DROP TABLE run_transitions; DROP TABLE outbox").await;
    let said = world.refused().await;
    assert!(said.contains("it is damaged: outbox, run_transitions missing; restore it from a copy"), "{said}");
}

async fn a_table_that_goes_under_way_is_damage_and_no_answer(world: World) {
    let store = world.open().await;
    world.tamper("DROP TABLE acceptances").await;
    assert!(matches!(store.accepted(&world.here).await, Err(StoreError::Damaged { .. })));
}

#[tokio::test]
async fn whatever_a_database_sorts_by_ours_are_bytes() {
    let world = World::postgres().await;
    drop(world.open().await);
    let cluster = Cluster::shared();
    let mut db = PgConnection::connect(&cluster.address("portcullis", "")).await.unwrap();
    let others: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM information_schema.columns WHERE table_schema LIKE 'story_%' AND table_name NOT LIKE '\\_sqlx%'
         AND table_name <> 'songs' AND NOT (table_name = 'leases' AND column_name = 'flat')
         AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'",
    )
    .fetch_one(&mut db)
    .await
    .unwrap();
    assert_eq!(others, 0);
}

#[tokio::test]
async fn who_has_no_password_or_no_rights_is_told_so() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let world = World::in_cluster(&cluster).await;
    world
        .tamper(
            "CREATE ROLE guard LOGIN PASSWORD 's3cret'; CREATE SCHEMA guarded AUTHORIZATION guard;
             CREATE SCHEMA closed; GRANT USAGE ON SCHEMA closed TO guard",
        )
        .await;
    cluster.demand_password_of("guard");
    let open = async |password: &str, parameters: &str| {
        let address = PostgresAddress::parse(&cluster.address("guard", parameters)).unwrap().with_password(password);
        PostgresStore::open(&address).await
    };
    assert!(open("s3cret", "options[search_path]=guarded").await.is_ok());
    for (password, parameters, said) in [
        ("wr0ng", "options[search_path]=guarded", "see to the user and the password"),
        ("s3cret", "options[search_path]=closed", "may create tables in"),
        ("s3cret", "options[search_path]=nowhere", "search_path"),
        ("s3cret", "dbname=missing", "create it, or name another"),
    ] {
        let error = open(password, parameters).await.err().unwrap().to_string();
        assert!(error.contains(said) && !error.contains(password), "{error}");
    }
}
