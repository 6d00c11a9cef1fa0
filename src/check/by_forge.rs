//! Whose a commit is where a forge knows people: its signer's, or else everyone's who may have made it (spec 5, `forge`).

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::Catalog;
use crate::model::{Actor, Attribution, CommitId, Finding, ForgeUser, Push, Vouched};

use super::identity::{UNKNOWN_OPENER, UNKNOWN_PUSHER, by_account, by_address, stranger};
use super::{Base, CommitFacts, Proposal, Target, claimants};

/// The commits of the range that a head outside it reaches, for those heads that git still has.
pub type Reach = BTreeMap<CommitId, BTreeSet<CommitId>>;

/// How commits came to where they are judged.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// Who opened the pull request, which may be unknown; `None` where there is none, as with what was pushed directly.
    pub opener: Option<Option<&'a ForgeUser>>,
    /// Who moved the branch, as far as the forge tells it.
    pub pushes: &'a [Push],
    /// What is known of heads that are not in the range.
    pub reach: &'a Reach,
}

impl<'a> Way<'a> {
    /// How the commits of a proposal came: what is on the watched branch by the pushes to it, and anything else by its pull request.
    pub fn of(proposal: &'a Proposal) -> Self {
        let reach = &proposal.reach;
        match (&proposal.pull_request, &proposal.branch_pushes) {
            (_, Some(pushes)) if proposal.target == Target::WatchedBranch => Self { opener: None, pushes, reach },
            (Some(pr), _) => Self { opener: Some(pr.opener.as_ref()), pushes: &pr.pushes, reach },
            (None, _) => Self { opener: None, pushes: &[], reach },
        }
    }
}

/// What the forge verifies is the signer's. Anything else is everyone's who opened, pushed, authored or committed it.
///
/// A co-author is text without any bearing on rights.
pub(super) fn attribute(
    base: &Base<Catalog>,
    commit: &CommitFacts,
    range: &[CommitFacts],
    way: &Way<'_>,
) -> (Attribution, Vec<Finding>) {
    if let Some(Vouched::Account(account)) = &commit.vouched {
        return (Attribution::one(by_account(base, account)), Vec::new());
    }
    let (mut actors, mut findings) = (Vec::new(), Vec::new());
    let mut unknown = |rule, who: &str, help: &str| {
        let message = format!("nobody knows the {who} of commit {}, so it is judged as a stranger's too", commit.id.short());
        findings.push(Finding::warning(rule, message).help(help).by(commit.id));
        Actor::Stranger(format!("unknown {who}"))
    };
    let sign = "push it again, or sign it with a key that the forge verifies";
    match way.opener {
        Some(Some(opener)) => actors.push(by_account(base, opener)),
        Some(None) => actors.push(unknown(UNKNOWN_OPENER, "opener", "open the pull request anew, or sign the commit")),
        None => {}
    }
    let pushers = Pushers::of(commit.id, range, way);
    if pushers.certain.is_empty() {
        actors.push(unknown(UNKNOWN_PUSHER, "pusher", sign));
    }
    for pusher in pushers.certain.into_iter().chain(pushers.possible) {
        actors.push(match pusher {
            Some(account) => by_account(base, account),
            None => unknown(UNKNOWN_PUSHER, "pusher", sign),
        });
    }
    actors.push(by_line(base, &commit.author_email));
    if commit.vouched != Some(Vouched::Forge) {
        actors.push(by_line(base, &commit.committer_email));
    }
    let mut seen = BTreeSet::new();
    actors.retain(|actor| seen.insert(actor.clone()));
    findings.dedup();
    (Attribution(actors), findings)
}

/// Whether nobody knows who pushed something: a push without an actor, or a commit that no push is known to have brought.
pub(super) fn somebody_unknown_pushed(range: &[CommitFacts], way: &Way<'_>) -> bool {
    if way.pushes.iter().any(|push| push.actor.is_none()) {
        return true;
    }
    // Asked for every run of a proposal, so every push is followed once, and not once for each commit.
    let mut brought: BTreeSet<CommitId> = BTreeSet::new();
    for push in way.pushes {
        let Some(after) = push.after else { continue };
        let had = push.before.map(|before| reached(before, range, way)).unwrap_or_default();
        brought.extend(reached(after, range, way).difference(&had));
    }
    range.iter().any(|commit| !brought.contains(&commit.id))
}

/// The commits of the range that a head reaches, as far as is known, and where they start from.
fn reached(head: CommitId, range: &[CommitFacts], way: &Way<'_>) -> BTreeSet<CommitId> {
    if let Some(known) = way.reach.get(&head) {
        return known.clone();
    }
    let mut out = BTreeSet::from([head]);
    // Parents come first, so that one pass from the end follows every line.
    for commit in range.iter().rev() {
        if out.contains(&commit.id) {
            out.extend(commit.parents.iter().copied());
        }
    }
    out
}

/// Whom an address of a line names: whoever has it, or whose account the forge has made it for. Where those are two, nobody.
///
/// The forge's addresses without a number name an account by its login, which changes hands: they name whoever the roster says.
fn by_line(base: &Base<Catalog>, email: &str) -> Actor {
    let Some(account) = claimants::account_of_address(email) else { return by_address(base, email) };
    let user = claimants::by_email_or_account(base, email, account).sole();
    user.map_or_else(|| stranger(email), |user| Actor::User(user.identifier.clone()))
}

/// Who brought a commit; `None` for somebody whom nobody knows.
#[derive(Default)]
struct Pushers<'a> {
    /// Those whose new head reaches it, and whose old head did not, as far as is known.
    certain: Vec<Option<&'a ForgeUser>>,
    /// Those whose new head nobody knows any more, so that it may have reached it.
    possible: Vec<Option<&'a ForgeUser>>,
}

impl<'a> Pushers<'a> {
    /// Who brought the commit: each push whose new head reaches it, or may have, and whose old head did not.
    ///
    /// A head outside the range that git does not have any more says nothing of what it reached, unless it is one that the range
    /// starts from: base has that, and none of the range. So a forced push counts as bringing all that it reaches, and a push that
    /// another has forced away without a trace as bringing everything.
    fn of(commit: CommitId, range: &[CommitFacts], way: &Way<'a>) -> Self {
        let mut reaching = BTreeSet::from([commit]);
        for later in range {
            if later.parents.iter().any(|parent| reaching.contains(parent)) {
                reaching.insert(later.id);
            }
        }
        let reaches =
            |head: &CommitId| reaching.contains(head) || way.reach.get(head).is_some_and(|reached| reached.contains(&commit));
        let inside: BTreeSet<&CommitId> = range.iter().flat_map(|one| one.parents.iter().chain([&one.id])).collect();
        let is_known = |head: &CommitId| way.reach.contains_key(head) || inside.contains(head);
        let mut pushers = Self::default();
        for push in way.pushes.iter().filter(|push| !push.before.as_ref().is_some_and(reaches)) {
            match &push.after {
                Some(after) if reaches(after) => pushers.certain.push(push.actor.as_ref()),
                Some(after) if is_known(after) => {}
                Some(_) | None => pushers.possible.push(push.actor.as_ref()),
            }
        }
        pushers
    }
}
