//! A second way to the blobs in packs, for whoever reads very many: by all cores at once, and each looked up once.
//!
//! libgit2 looks an object up for its size and again for its bytes, and threads share a pack under one lock. What is found here is checked
//! against its name, as libgit2 does. Whatever is not found, too large, no blob or odd in any way is left to libgit2: it has the last word,
//! and says what is wrong.

use gix_hash::{Kind, oid};
use gix_pack::cache::lru::MemoryCappedHashmap;
use gix_pack::data::entry::Header;
use gix_pack::{Bundle, data, index};
use gix_zlib::Inflate;

use super::{ObjectId, Repository};

/// What others are made from, kept by each reader, in bytes: never less than half of what one blob may take, as the cache keeps for good what it
/// has no room for.
const BASES: usize = LARGEST * ROOM / 2;
/// Larger blobs are few, in bytes.
const LARGEST: usize = 1 << 20;
/// What may be taken for one blob and what it is made from, as a multiple of the largest blob that is wanted.
const ROOM: usize = 8;
/// How many steps a blob may be away from what it is made from. Git makes no more than 50; somebody may send thousands, and each step is
/// taken anew for each blob.
const STEPS: usize = 64;
/// More packs than this mean that nobody packs them anew; looking through them all costs more than it brings.
const MOST: usize = 64;

/// The packs of a repository, as they were when they were opened.
pub struct Packs {
    bundles: Vec<Bundle>,
    largest: usize,
}

impl Repository {
    /// Opens the packs of its own object store, for reading blobs of at most `largest` bytes; those that cannot be opened are left out.
    pub fn packs(&self, largest: usize) -> Packs {
        let largest = largest.min(LARGEST);
        let listed = std::fs::read_dir(self.common_path().join("objects/pack")).into_iter().flatten().flatten();
        let indexes = listed.map(|file| file.path()).filter(|path| path.extension().is_some_and(|extension| extension == "idx"));
        let limit = Some(largest.saturating_mul(ROOM));
        let open = |path: std::path::PathBuf| {
            let pack = data::File::at(path.with_extension("pack"), Kind::Sha1).ok()?.with_alloc_limit_bytes(limit);
            Some(Bundle { pack, index: index::File::at(path, Kind::Sha1).ok()? })
        };
        let mut bundles: Vec<Bundle> = indexes.take(MOST).filter_map(open).collect();
        bundles.sort_by_key(|bundle| std::cmp::Reverse(bundle.index.num_objects()));
        Packs { bundles, largest }
    }
}

impl Packs {
    /// A reader for one thread.
    pub fn reader(&self) -> PackReader<'_> {
        PackReader {
            packs: self,
            inflate: Inflate::default(),
            bases: MemoryCappedHashmap::new(BASES),
            bytes: Vec::new(),
            last: 0,
        }
    }
}

/// Reads one blob after the other.
pub struct PackReader<'p> {
    packs: &'p Packs,
    inflate: Inflate,
    bases: MemoryCappedHashmap,
    bytes: Vec<u8>,
    /// The pack that had the last one.
    last: usize,
}

impl PackReader<'_> {
    /// The bytes of a blob, as its name says; `None` leaves it to [`Repository::blob`].
    pub fn blob(&mut self, id: ObjectId) -> Option<&[u8]> {
        let name = oid::try_from_bytes(&id.0).ok()?;
        let found = |at: usize| Some((at, self.packs.bundles.get(at)?.index.lookup(name)?));
        let (at, entry) = found(self.last).or_else(|| (0..self.packs.bundles.len()).find_map(found))?;
        self.last = at;
        let bundle = self.packs.bundles.get(at)?;
        is_near_blob(bundle, entry)?;
        let (object, _) = bundle.get_object_by_index(entry, &mut self.bytes, &mut self.inflate, &mut self.bases).ok()?;
        let fits = object.data.len() <= self.packs.largest;
        // The kind is part of what is hashed.
        (fits && object.verify_checksum(name).is_ok()).then_some(object.data)
    }
}

/// Whether an entry is a blob, or made from one in few steps.
fn is_near_blob(bundle: &Bundle, entry: u32) -> Option<()> {
    let mut offset = bundle.index.pack_offset_at_index(entry);
    for _ in 0..=STEPS {
        let entry = bundle.pack.entry(offset).ok()?;
        offset = match entry.header {
            Header::Blob => return Some(()),
            Header::OfsDelta { base_distance } => entry.checked_base_pack_offset(base_distance)?,
            Header::RefDelta { base_id } => bundle.index.pack_offset_at_index(bundle.index.lookup(base_id)?),
            _ => return None,
        };
    }
    None
}

#[cfg(test)]
#[path = "packs_tests.rs"]
mod tests;
