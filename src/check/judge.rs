//! The judgement itself: facts in, verdict out. Base judges, the merged result is judged, and nothing is fetched.

use std::collections::BTreeMap;

use crate::catalog::{Catalog, Change, ChangeSet, Owners, diff, user_of};
use crate::model::{Actor, Attribution, CommitId, Finding, Identifier, Place, Severity, Subject};

use super::attribution::{Commit, History, Laid};
use super::cause::causes_first;
use super::permissions::{ADVICE, Requirement, decide_by, deed, policy_troubles, who_could_in_words};
use super::programs::Programs;
use super::rights::requirements_by;
use super::validate::{sorted, validate_against_within, validate_changed_within};
use super::{
    Base, ChangeVerdict, CommitFacts, CommitVerdict, Conclusion, Proposal, Target, Verdict, Way, golden, identity, merges,
    performed, runs, summary,
};

/// Judges a proposal.
///
/// The changes that count are those between base and the clean merge; each is laid to whoever set it last. Every commit is
/// judged by itself beside it, so that a commit may be red and the whole green again.
pub fn judge(proposal: &Proposal) -> Verdict {
    let changes = diff(&proposal.base.0, &proposal.merged.0);
    let programs = Programs::default();
    let mut advice = ADVICE;
    let mut findings = wrong_result(proposal, &changes, &programs);
    let (commits, identities) = attribute(proposal, &changes);
    let bootstrap = nobody_to_judge_by(&proposal.base);
    let net = judge_net(proposal, &changes, &commits);
    if bootstrap && !changes.0.is_empty() {
        findings.push(bootstrap_finding());
    } else if !bootstrap {
        findings.extend(identities.iter().flatten().cloned());
        findings.extend(refusals(&proposal.base, &proposal.merged.0, &net, &mut advice));
    }
    let attributions: BTreeMap<Option<CommitId>, Attribution> = commits.iter().map(|c| (c.id, c.attribution.clone())).collect();
    let (runs, of_runs) = runs::judge_runs(proposal, &attributions, &changes, &refused_runs(&net));
    // Who may run an action that is not there is no question of its own; the change stays refused.
    let unknown: Vec<_> = of_runs.iter().filter(|f| f.rule == runs::UNKNOWN_ACTION).map(|f| f.subject.clone()).collect();
    findings.retain(|f| f.rule != "permission/execute" || !unknown.contains(&f.subject));
    findings.extend(of_runs);
    let findings = causes_first(sorted(findings));
    let commits = proposal
        .commits
        .iter()
        .zip(&commits)
        .zip(identities)
        .map(|((facts, commit), identities)| {
            judge_commit(&proposal.base, facts, commit, identities, bootstrap, (&programs, &mut advice))
        })
        .collect();
    let changes: Vec<ChangeVerdict> = net.into_iter().map(|judged| judged.verdict).collect();
    let checks = summary::conclude(&findings, &runs, &changes);
    Verdict {
        base: proposal.base_id,
        head: proposal.head_id,
        conclusion: checks.iter().map(|check| check.conclusion).max().unwrap_or(Conclusion::Failure),
        checks,
        commits,
        changes,
        findings,
        runs,
    }
}

/// What is wrong with the range, its merge, and the catalog as it would be.
fn wrong_result(proposal: &Proposal, changes: &ChangeSet, programs: &Programs) -> Vec<Finding> {
    let mut findings = proposal.findings.clone();
    // What git has wrong at the head is wrong in the result; what it had wrong on the way there may have been mended.
    if let Some(last) = proposal.commits.last() {
        findings.extend(last.findings.iter().cloned().map(|finding| laid_to(finding, id_of(proposal, last))));
    }
    for file in &proposal.conflicts {
        findings.push(
            Finding::error("git/conflict", format!("{file} cannot be merged with the watched branch"))
                .at(Place::file(file))
                .help("bring the branch up to date (`git merge` or `git rebase`) and settle the conflict there"),
        );
    }
    let (base, merged) = (&proposal.base.0, &proposal.merged.0);
    findings.extend(match proposal.base_is_valid {
        true => validate_changed_within(base, merged, changes, programs),
        false => validate_against_within(base, merged, changes, programs),
    });
    // What the result's own schema says already is not said twice.
    let said: Vec<_> = findings.iter().filter(|f| f.is_error()).map(|f| (f.subject.clone(), f.place.clone())).collect();
    let by_base = golden::check(base, merged, changes);
    findings.extend(by_base.into_iter().filter(|f| !said.contains(&(f.subject.clone(), f.place.clone()))));
    findings
}

fn id_of(proposal: &Proposal, commit: &CommitFacts) -> Option<CommitId> {
    (proposal.target != Target::WorkingTree).then_some(commit.id)
}

fn laid_to(finding: Finding, commit: Option<CommitId>) -> Finding {
    match (finding.commit, commit) {
        (None, Some(commit)) => finding.by(commit),
        _ => finding,
    }
}

/// Each commit's actors and own changes, and what stands against believing who it is by.
pub(super) fn attribute<'p>(proposal: &'p Proposal, net: &ChangeSet) -> (Vec<Commit<'p>>, Vec<Vec<Finding>>) {
    let judged = proposal.commits.iter().map(|facts| {
        let id = id_of(proposal, facts);
        let (attribution, findings) = match &proposal.as_user {
            Some(user) => (Attribution::one(named(&proposal.base, user)), Vec::new()),
            None => identity::attribute(&proposal.base, proposal.identity, facts, &proposal.commits, &Way::of(proposal)),
        };
        let changes = match is_the_net(proposal, facts) {
            true => net.clone(),
            false => merges::own_changes(facts),
        };
        let performed = performed::is_granted(proposal, facts, &attribution, &findings, &changes);
        let findings = findings.into_iter().map(|finding| laid_to(finding, id)).collect();
        (Commit { id, attribution, changes, performed, facts }, findings)
    });
    judged.unzip()
}

/// Whom `--as` names: a user of base's roster, or else a stranger of that name.
fn named(base: &Base<Catalog>, user: &Identifier) -> Actor {
    match user_of(&base.0, user) {
        Some(_) => Actor::User(user.clone()),
        None => Actor::Stranger(user.to_string()),
    }
}

/// Whether a commit is all there is, so that its own difference is the net one.
pub(super) fn is_the_net(proposal: &Proposal, facts: &CommitFacts) -> bool {
    proposal.commits.len() == 1
        && facts.before.shares_all_with(&proposal.base.0)
        && facts.after.shares_all_with(&proposal.merged.0)
}

/// Base has no users: nobody has any right by it, and nobody could ever give one.
fn nobody_to_judge_by(base: &Base<Catalog>) -> bool {
    base.0.users().is_empty()
}

fn bootstrap_finding() -> Finding {
    let message = "the accepted revision has no users, so nobody may change anything by pull request yet";
    Finding::error("permission/bootstrap", message).help(
        "commit the first users, an Admin among them, to the watched branch and start the daemon: it adopts the first revision it sees",
    )
}

/// A net change with what it asked for.
struct Judged {
    verdict: ChangeVerdict,
    needs: Vec<Requirement>,
}

fn judge_net(proposal: &Proposal, changes: &ChangeSet, commits: &[Commit<'_>]) -> Vec<Judged> {
    let history = History::of(commits);
    let mut owners = Owners::new(&proposal.base.0);
    changes
        .0
        .iter()
        .map(|change| {
            let laid = history.lay(change);
            judge_change(&proposal.base, &mut owners, &proposal.merged.0, change, laid)
        })
        .collect()
}

fn judge_change(base: &Base<Catalog>, owners: &mut Owners<'_>, after: &Catalog, change: &Change, laid: Laid) -> Judged {
    let (rule, needs) = requirements_by(base, owners, after, change);
    let Laid { commit, actors, asked } = laid;
    let refused: Vec<Actor> = asked.iter().filter(|actor| !decide_by(base, rule, &needs, actor).allowed).cloned().collect();
    let allowed = refused.is_empty() && !actors.is_empty();
    Judged { verdict: ChangeVerdict { commit, change: change.clone(), actors, refused, allowed, rule }, needs }
}

/// The runs that are refused, and to whom.
fn refused_runs(judged: &[Judged]) -> BTreeMap<Identifier, Vec<Actor>> {
    let refused = judged.iter().filter(|one| !one.verdict.allowed);
    refused
        .filter_map(|one| match &one.verdict.change.subject {
            Subject::Run(run) => Some((run.clone(), one.verdict.refused.clone())),
            _ => None,
        })
        .collect()
}

/// One finding for each change that is refused: who, what, and who could.
fn refusals(base: &Base<Catalog>, after: &Catalog, judged: &[Judged], advice: &mut usize) -> Vec<Finding> {
    // Of many fields of one entity most ask the same, and asking the whole roster again for each would cost the most.
    let mut known: Vec<(&[Requirement], String)> = Vec::new();
    let mut out = Vec::new();
    for one in judged.iter().filter(|one| !one.verdict.allowed) {
        let help = match known.iter().find(|(needs, _)| *needs == one.needs.as_slice()) {
            Some((_, help)) => help.clone(),
            None => {
                let help = who_could_in_words(base, &one.needs, advice);
                if known.len() < 64 {
                    known.push((&one.needs, help.clone()));
                }
                help
            }
        };
        let who = match one.verdict.refused.as_slice() {
            [] => "somebody unknown".to_owned(),
            actors => actors.iter().map(name).collect::<Vec<_>>().join(" and "),
        };
        let change = &one.verdict.change;
        let troubles = one.verdict.refused.iter().flat_map(|actor| policy_troubles(base, actor, &one.needs));
        let help = troubles.chain([help]).collect::<Vec<_>>().join("; ");
        let unread = change.after.is_none() && after.broken_files().contains_key(&change.place.file);
        let help = if unread {
            format!("{} cannot be read, so this counts as gone: mend the file; {help}", change.place.file)
        } else {
            help
        };
        let finding = Finding::error(one.verdict.rule, format!("{who} may not {}", deed(change)))
            .at(change.place.clone())
            .about(change.subject.clone())
            .help(help);
        out.push(laid_to(finding, one.verdict.commit));
    }
    out
}

fn name(actor: &Actor) -> String {
    match actor {
        Actor::User(user) => user.to_string(),
        Actor::Stranger(who) => format!("{who} (not in the roster)"),
    }
}

/// One commit by itself: its own changes by base's rights, and the errors its own tree has where it changed it.
fn judge_commit(
    base: &Base<Catalog>,
    facts: &CommitFacts,
    commit: &Commit<'_>,
    identities: Vec<Finding>,
    bootstrap: bool,
    (programs, advice): (&Programs, &mut usize),
) -> CommitVerdict {
    let mut findings = facts.findings.clone();
    findings.extend(validate_changed_within(&facts.before, &facts.after, &commit.changes, programs));
    if bootstrap && !commit.changes.0.is_empty() {
        findings.push(bootstrap_finding());
    } else if !bootstrap {
        findings.extend(identities);
        let mut owners = Owners::new(&base.0);
        let judged: Vec<Judged> = commit
            .changes
            .0
            .iter()
            .map(|change| judge_change(base, &mut owners, &facts.after, change, commit.by_itself()))
            .collect();
        findings.extend(refusals(base, &facts.after, &judged, advice));
    }
    let findings = causes_first(sorted(findings.into_iter().map(|finding| laid_to(finding, commit.id)).collect()));
    let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
    CommitVerdict {
        id: commit.id,
        actors: commit.attribution.0.clone(),
        conclusion: if failed { Conclusion::Failure } else { Conclusion::Success },
        findings,
    }
}
