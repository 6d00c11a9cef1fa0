//! Opens the store, in a file or in a database.

use std::path::Path;
use std::sync::Arc;

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::config::StorePlace;
use crate::store::{Holder, PostgresStore, SqliteStore, Store, StoreError};

use super::CommandError;

/// Opens the store, and makes what is missing.
pub(super) async fn open(place: &StorePlace) -> Result<Arc<dyn Store>, CommandError> {
    if let StorePlace::File(path) = place {
        make_directory_of(path)?;
    }
    let opened: Result<Arc<dyn Store>, StoreError> = match place {
        StorePlace::File(path) => SqliteStore::open(path).await.map(|store| Arc::new(store) as Arc<dyn Store>),
        StorePlace::Postgres(address) => PostgresStore::open(address).await.map(|store| Arc::new(store) as Arc<dyn Store>),
    };
    opened.map_err(|error| CommandError::could_not_judge("cannot open the store").because(&error))
}

/// Opens the store of a daemon that has run already: a file that is not there is a mistake.
pub(super) async fn open_existing(place: &StorePlace) -> Result<Arc<dyn Store>, CommandError> {
    match place.file() {
        Some(path) if !path.exists() => Err(CommandError::could_not_judge(format!("there is no store at {}", path.display()))
            .hint("name the daemon's store with --store, or its configuration with --config")),
        _ => open(place).await,
    }
}

/// Makes the directory that a file is to stand in.
pub(super) fn make_directory_of(path: &Path) -> Result<(), CommandError> {
    let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) else { return Ok(()) };
    std::fs::create_dir_all(directory).map_err(|error| {
        CommandError::could_not_judge(format!("cannot make the directory {} for the store", directory.display()))
            .because(&error)
            .hint("name another place with --store FILE")
    })
}

/// A name for this process that no other has: its number, for people, and what chance gives.
pub(super) fn holder() -> Result<Holder, CommandError> {
    let mut chance = [0u8; 16];
    SystemRandom::new().fill(&mut chance).map_err(|_| CommandError::internal("the system gives no random numbers"))?;
    Ok(Holder::new(format!("{}-{:032x}", std::process::id(), u128::from_be_bytes(chance))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_processes_have_one_name() {
        assert_ne!(holder().unwrap(), holder().unwrap());
    }

    #[tokio::test]
    async fn a_daemons_store_is_not_made_by_whoever_asks_for_it() {
        let room = tempfile::tempdir().unwrap();
        let place = StorePlace::File(room.path().join("state/p.db"));
        let refused = open_existing(&place).await.err().unwrap().text(false);
        assert!(refused.contains("there is no store at"), "{refused}");
        open(&place).await.unwrap().shut().await;
        open_existing(&place).await.unwrap().shut().await;
    }
}
