//! The commit that a run makes: built on one tip, held against what the run may do before anything is sent, and found again by its message.

use crate::catalog::{Catalog, FileDelta, Located, Meaning, diff, parse_file};
use crate::check::{Base, performed, validate_changed};
use crate::git::{Blob, Found, Keyring, NewCommit, ObjectId, RawCommit, Repository, SshSigner, Writer, trailer};
use crate::import::{Rewritten, new_file, rewrite, written};
use crate::model::{CommitId, Entity, FilePath, Finding, Kind, SignatureFact, SigningKey, Subject, Value};
use crate::run::call::EntityCall;

use super::{ACTION_TRAILER, Inner, Order, RUN_TRAILER};

/// Commits that are looked through for one of a run.
const MOST: usize = 20_000;
/// Findings that are told of what may not be written.
const TOLD: usize = 3;

/// What there is to do on a tip.
pub(super) enum Prepared {
    /// This commit, which is written and stands on no ref.
    Commit(CommitId),
    /// Nothing: the run's commit is there.
    Committed(CommitId),
    /// Nothing: the entity is as it is to be.
    Stands,
    /// Nothing ever, as the branch stands.
    Never(String),
}

impl Inner {
    /// Builds the commit on a tip. Blocks.
    pub(super) fn prepare(&self, order: &Order, call: &EntityCall, tip: CommitId) -> Result<Prepared, String> {
        if let Some(there) = self.committed(order, call, tip)? {
            return Ok(Prepared::Committed(there));
        }
        let before = (self.catalog)(tip)?;
        let never = |why: String| Ok(Prepared::Never(why));
        let key = self.signer.as_ref().map(SshSigner::fingerprint);
        if let Err(why) = performed::may_commit(&Base(before.clone()), &self.options.email, key.as_ref(), (self.now)()) {
            return never(why);
        }
        if !before.entities().duplicates_of(&call.key).is_empty() {
            return never(format!("{} is declared more than once, so nobody can tell which is meant", call.key));
        }
        let wanted = match performed::wanted(&before, call) {
            Ok(wanted) => wanted,
            Err(findings) => return never(format!("what the action fills in is no entity: {}", told(&findings))),
        };
        let located = before.entities().get(&call.key);
        if located.as_ref().map(|entity| &entity.value) == wanted.as_ref() {
            return Ok(Prepared::Stands);
        }
        let writer = Writer::open(&self.options.path).map_err(|error| error.to_string())?;
        let tree = writer.reader().tree_of(tip).map_err(|error| error.to_string())?;
        let (file, text) = match self.text(writer.reader(), tree, call, located.as_deref(), wanted.as_ref())? {
            Ok(change) => change,
            Err(why) => return never(why),
        };
        if let Some(why) = unfit(&before, call, &file, text.as_deref()) {
            return never(why);
        }
        let made = || {
            let blob = text.as_ref().map(|text| writer.blob(text.as_bytes())).transpose()?;
            let path = match self.options.root.as_str() {
                "" => file.as_str().to_owned(),
                root => format!("{root}/{}", file.as_str()),
            };
            let message = message(order, call, located.is_some());
            let new = NewCommit {
                tree: writer.tree_with(Some(tree), &path, blob)?,
                parent: Some(tip),
                name: &self.options.name,
                email: &self.options.email,
                at: (self.now)(),
                message: &message,
            };
            writer.commit(&new, self.signer.as_ref())
        };
        made().map(Prepared::Commit).map_err(|error| error.to_string())
    }

    /// The file that changes, and its text: `None` where it goes. The inner error says why it cannot be.
    #[allow(clippy::type_complexity)] // two ways to fail: now, and for good
    fn text(
        &self,
        reader: &Repository,
        tree: ObjectId,
        call: &EntityCall,
        located: Option<&Located<Entity>>,
        wanted: Option<&Entity>,
    ) -> Result<Result<(FilePath, Option<String>), String>, String> {
        let value: Option<Value> = wanted.map(Meaning::meaning);
        let unwritable = |file: &FilePath| Ok(Err(format!("{file} cannot be written so that it reads the same")));
        let Some(located) = located else {
            let changes = reader.changes(None, Some(tree), &self.options.root).map_err(|error| error.to_string())?;
            let file = new_file(&Subject::Entity(call.key.clone()), changes.files.iter().map(|file| &file.path));
            return match value.and_then(|value| written(&file, &value, Kind::Entity)) {
                Some(text) => Ok(Ok((file, Some(text)))),
                None => unwritable(&file),
            };
        };
        let file = located.file.clone();
        let blob = reader.file_at(tree, &self.options.root, &file).map_err(|error| error.to_string())?;
        let blob = blob.ok_or_else(|| format!("{file} is not there"))?;
        let Blob::Content(bytes) = reader.blob(blob, MOST_BYTES).map_err(|error| error.to_string())? else {
            return Ok(Err(format!("{file} is too large")));
        };
        match rewrite(&file, &bytes, &located.pointer, value.as_ref(), Kind::Entity) {
            Some(Rewritten::Text(text)) => Ok(Ok((file, Some(text)))),
            Some(Rewritten::Gone) => Ok(Ok((file, None))),
            None => unwritable(&file),
        }
    }

    /// The run's own commit, where `tip` has it. Blocks.
    ///
    /// That a message names the run is not enough: anybody can write that. It is ours by its address, by its signature where we sign, and
    /// because it does what the run is to do.
    pub(super) fn committed(&self, order: &Order, call: &EntityCall, tip: CommitId) -> Result<Option<CommitId>, String> {
        let repository = Repository::open(&self.options.path).map_err(|error| error.to_string())?;
        let ours = |commit: &RawCommit| self.is_ours(order, call, commit);
        match repository.search(tip, order.since, MOST, &ours).map_err(|error| error.to_string())? {
            Found::Here(commit) => Ok(Some(commit)),
            Found::Nowhere => Ok(None),
            Found::TooFar => {
                Err(format!("more than {MOST} commits have come since, so nobody can tell whether one is the run's"))
            }
        }
    }

    fn is_ours(&self, order: &Order, call: &EntityCall, commit: &RawCommit) -> bool {
        let says = |key, value: &str| trailer(&commit.message, key).is_some_and(|said| said == value);
        let [parent] = commit.parents.as_slice() else { return false };
        if !says(RUN_TRAILER, order.handle.as_str())
            || !says(ACTION_TRAILER, call.action.as_str())
            || !commit.committer.email.eq_ignore_ascii_case(&self.options.email)
        {
            return false;
        }
        if let Some(signer) = &self.signer {
            let fingerprint = signer.fingerprint();
            let key = SigningKey { public: signer.public(), fingerprint: fingerprint.clone(), from: None, until: None };
            if Keyring::new([&key]).verify(commit, (self.now)()) != SignatureFact::By(fingerprint) {
                return false;
            }
        }
        let (Ok(before), Ok(after)) = ((self.catalog)(*parent), (self.catalog)(commit.id)) else { return false };
        performed::does_exactly(&before, &after, &diff(&before, &after), call)
    }
}

/// The largest file that is rewritten, in bytes; larger ones are refused when they are read.
const MOST_BYTES: usize = 16 << 20;

/// Why a file with this text may not be committed: it would do something else than the call says, or leave the catalog wrong.
fn unfit(before: &Catalog, call: &EntityCall, file: &FilePath, text: Option<&str>) -> Option<String> {
    let delta = match text {
        Some(text) => FileDelta::put(parse_file(file, text.as_bytes(), &before.policy().limits)),
        None => FileDelta::Remove(file.clone()),
    };
    let after = before.apply([delta]);
    let changes = diff(before, &after);
    let errors: Vec<Finding> = validate_changed(before, &after, &changes).into_iter().filter(Finding::is_error).collect();
    if !errors.is_empty() {
        return Some(format!("the catalog would be wrong with it: {}", told(&errors)));
    }
    let exactly = performed::does_exactly(before, &after, &changes, call);
    (!exactly).then(|| format!("{file} holds something that cannot be read, so it is not written over"))
}

fn told(findings: &[Finding]) -> String {
    let told: Vec<&str> = findings.iter().take(TOLD).map(|finding| finding.message.as_str()).collect();
    if told.is_empty() { "it is no document of an entity".to_owned() } else { told.join("; ") }
}

fn message(order: &Order, call: &EntityCall, stands: bool) -> String {
    let verb = match (&call.document, stands) {
        (None, _) => "Remove",
        (Some(_), true) => "Update",
        (Some(_), false) => "Register",
    };
    let (run, action) = (&order.run, &call.action);
    format!("{verb} {}\n\nRun {run} of action {action}.\n\n{RUN_TRAILER}: {}\n{ACTION_TRAILER}: {action}", call.key, order.handle)
}
