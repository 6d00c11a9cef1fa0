//! What a forge tells about a pull request, in our own words.

use super::{CommitId, KeyFingerprint, Timestamp};

/// A forge's account; the numeric id decides, the login is for display.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ForgeUser {
    /// The login.
    pub login: String,
    /// The numeric id, which never changes hands.
    pub id: u64,
}

/// A forge's word for a commit, by a signature that it has verified itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Vouched {
    /// A key of this account signed it.
    Account(ForgeUser),
    /// The forge made and signed it (an edit in the browser, a merge by its button): its committer line names the forge and nobody else.
    Forge,
}

/// A team of the forge whose members are members of a team of the roster; the numeric id decides.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ForgeTeam {
    /// The organisation's login.
    pub organization: String,
    /// The team's name in addresses.
    pub slug: String,
    /// The numeric id, which stays when the team is renamed.
    pub id: u64,
}

/// Whether a pull request is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PullRequestState {
    /// Open.
    Open,
    /// Closed without being merged.
    Closed,
    /// Merged.
    Merged,
}

/// What a review says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReviewState {
    /// Yes.
    Approved,
    /// No, until taken back.
    ChangesRequested,
    /// Taken back; revives nothing older.
    Dismissed,
    /// Only words.
    Commented,
}

/// Who gave a review, as the forge tells it; the roster of base says who that is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reviewer {
    /// An account of the forge.
    Account(ForgeUser),
    /// Whoever made the notes commit that first brought the review: its signature, or in `declared` mode its committer.
    Committer {
        /// The signature of the notes commit.
        signature: SignatureFact,
        /// Its committer line's address.
        email: String,
        /// When the server first saw it.
        received_at: Timestamp,
    },
    /// A deleted account, or words that cannot be laid to anybody.
    Unknown,
}

/// A review, oldest first in every list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Review {
    /// The forge's name for it, unique on the pull request.
    pub id: String,
    /// Who gave it.
    pub reviewer: Reviewer,
    /// What it says.
    pub state: ReviewState,
    /// The commit it was given on; `None` counts for nothing.
    pub commit: Option<CommitId>,
    /// When, as the forge tells it.
    pub submitted_at: Option<Timestamp>,
}

/// What an edge found out about a commit's signature, before anyone asked whose key it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SignatureFact {
    /// None.
    Unsigned,
    /// One that does not verify, or cannot be read; why.
    Invalid(String),
    /// One by a key that nobody in the roster has; which. Nothing more is known of it.
    UnknownKey(String),
    /// One that verifies, by this key.
    By(KeyFingerprint),
}

/// Somebody moved the head of a pull request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Push {
    /// Who; `None` where the forge does not know.
    pub actor: Option<ForgeUser>,
    /// The head before; `None` where the branch was new.
    pub before: Option<CommitId>,
    /// The head after; `None` where that is unknown, so that it may have brought anything.
    pub after: Option<CommitId>,
}
