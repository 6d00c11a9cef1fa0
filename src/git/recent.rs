//! Trees and commits that were read a short while ago: the next judgement reads most of them again.

use std::sync::Arc;

use git2::ObjectType;

use super::ObjectId;
use super::repository::Objects;

/// What one generation holds, in bytes. Two are kept.
const ENOUGH: usize = 2 << 20;
/// What is larger than this is not kept, in bytes.
const LARGE: usize = 256 << 10;

/// Objects by id, which say for ever what they say. What was not read for two generations goes.
#[derive(Default)]
pub(super) struct Recent {
    young: Objects,
    old: Objects,
    bytes: usize,
}

impl Recent {
    pub(super) fn get(&mut self, kind: ObjectType, id: ObjectId) -> Option<Arc<[u8]>> {
        if let Some((found, bytes)) = self.young.get(&id) {
            return (*found == kind).then(|| bytes.clone());
        }
        let (found, bytes) = self.old.remove(&id)?;
        self.put(found, id, &bytes);
        (found == kind).then_some(bytes)
    }

    pub(super) fn put(&mut self, kind: ObjectType, id: ObjectId, bytes: &Arc<[u8]>) {
        /// What it costs to hold anything.
        const EACH: usize = 96;
        if bytes.len() > LARGE {
            return;
        }
        if self.bytes > ENOUGH {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
        self.bytes += bytes.len() + EACH;
        self.young.insert(id, (kind, bytes.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_is_read_and_never_more_than_two_generations() {
        let mut recent = Recent::default();
        let id = |n: usize| ObjectId([u8::try_from(n % 250).unwrap(); 20]);
        let bytes: Arc<[u8]> = vec![7; 100 << 10].into();
        recent.put(ObjectType::Tree, id(0), &bytes);
        for n in 1..200 {
            recent.put(ObjectType::Tree, id(n), &bytes);
            assert!(recent.get(ObjectType::Tree, id(0)).is_some(), "it is read all the time");
        }
        assert!(recent.get(ObjectType::Tree, id(1)).is_none());
        assert!(recent.get(ObjectType::Commit, id(0)).is_none());
        let held: usize = recent.young.values().chain(recent.old.values()).map(|(_, bytes)| bytes.len()).sum();
        assert!(held <= 2 * (ENOUGH + LARGE), "{held}");
        recent.put(ObjectType::Tree, id(201), &vec![0; LARGE + 1].into());
        assert!(recent.get(ObjectType::Tree, id(201)).is_none());
    }
}
