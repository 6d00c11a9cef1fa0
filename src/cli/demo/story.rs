//! The story: nine scenes, each a real push or a real review, and what the daemon says to it.

use crate::check::CheckName::{self, Approval, Catalog, Permissions};
use crate::cli::CommandError;

use super::answers::{self, Statuses};
use super::people::Person;
use super::stage::Stage;
use super::teller::Teller;

/// Plays every scene; an answer that is not as the story has it is an error.
pub(super) fn tell(stage: &Stage, teller: &Teller) -> Result<(), CommandError> {
    let play = Play { stage, teller };
    play.a_good_change()?;
    play.a_broken_one()?;
    play.one_that_is_not_allowed()?;
    play.three_days_are_free()?;
    let request = play.ten_days_wait()?;
    play.approvals(&request)?;
    play.pushes_after_approval(&request)?;
    play.performed_once(&request)?;
    play.self_promotion()?;
    teller.closing();
    Ok(())
}

struct Play<'a> {
    stage: &'a Stage,
    teller: &'a Teller,
}

/// A branch that is under review.
struct Request {
    branch: &'static str,
    /// Its first commit: what the review is known by.
    first: String,
}

impl Play<'_> {
    fn a_good_change(&self) -> Result<(), CommandError> {
        self.teller.scene(1, "A good change turns green");
        let carol = self.stage.person("carol")?;
        self.teller.says("carol is a Member. Members may change the Slack channel of an environment.");
        self.branch(carol, "slack")?;
        self.stage.edit("entities/Env/staging.yaml", |text| text.replace("archives/staging", "archives/staging-2"))?;
        let head = self.propose(carol, "slack", "Env/staging: another channel")?;
        self.answer(carol, &head, &[(Catalog, "success"), (Permissions, "success"), (Approval, "success")])
    }

    fn a_broken_one(&self) -> Result<(), CommandError> {
        self.teller.scene(2, "A broken one turns red, with the line");
        let bob = self.stage.person("bob")?;
        self.teller.says("bob moderates environments, so he may. But there is no TTL of 7 days.");
        self.branch(bob, "broken")?;
        self.stage.edit("entities/Env/env-42.yaml", |text| text.replace("ttl: 5 days", "ttl: 7 days"))?;
        let head = self.propose(bob, "broken", "Env/env-42: seven days")?;
        self.answer(bob, &head, &[(Catalog, "failure"), (Permissions, "success")])
    }

    fn one_that_is_not_allowed(&self) -> Result<(), CommandError> {
        self.teller.scene(3, "What a Member may not touch is refused, with the names of who could");
        let carol = self.stage.person("carol")?;
        self.branch(carol, "cheaper")?;
        self.stage.edit("entities/Env/staging.yaml", |text| text.replace("monthlyCost: 900.5", "monthlyCost: 1"))?;
        let head = self.propose(carol, "cheaper", "Env/staging: costs nothing")?;
        self.answer(carol, &head, &[(Catalog, "success"), (Permissions, "failure")])
    }

    fn three_days_are_free(&self) -> Result<(), CommandError> {
        self.teller.scene(4, "A run with a TTL of 3 days is approved by itself");
        let carol = self.stage.person("carol")?;
        self.branch(carol, "three-days")?;
        self.stage.write("runs/carol-three-days.yaml", "action: create_env\ninputs: { name: carol-spike, ttl: 3 days }\n")?;
        self.teller.says("runs/carol-three-days.yaml: action create_env, inputs { name: carol-spike, ttl: 3 days }");
        let head = self.propose(carol, "three-days", "runs: an environment for three days")?;
        self.answer(carol, &head, &[(Catalog, "success"), (Permissions, "success"), (Approval, "success")])
    }

    fn ten_days_wait(&self) -> Result<Request, CommandError> {
        self.teller.scene(5, "One with 10 days waits for approval");
        let alice = self.stage.person("alice")?;
        self.teller.says("alice asks. She is Admin, so she could approve what somebody else asks for.");
        self.branch(alice, "ten-days")?;
        self.stage.write(TEN_DAYS, "action: create_env\ninputs: { name: load-test, ttl: 10 days }\nreason: load test\n")?;
        let head = self.propose(alice, "ten-days", "runs: an environment for ten days")?;
        self.answer(alice, &head, &[(Catalog, "success"), (Permissions, "success"), (Approval, "pending")])?;
        Ok(Request { branch: "ten-days", first: head })
    }

    fn approvals(&self, request: &Request) -> Result<(), CommandError> {
        self.teller.scene(6, "Its author's own approval does not count; a moderator's does, and the run flips");
        let (alice, bob) = (self.stage.person("alice")?, self.stage.person("bob")?);
        let head = self.head(alice, request)?;
        let before = answers::statuses(self.stage, alice, &head)?;
        self.review(alice, request, "mine, and fine")?;
        let after = answers::expect_after(self.stage, alice, &head, &before)?;
        self.show(alice, &head, &after, &[(Approval, "pending")])?;
        self.teller.says("bob moderates environments.");
        self.review(bob, request, "fine by me")?;
        self.answer(bob, &head, &[(Approval, "success")])
    }

    fn pushes_after_approval(&self, request: &Request) -> Result<(), CommandError> {
        self.teller.scene(7, "An unrelated push keeps the approval; one that changes the request takes it back");
        let alice = self.stage.person("alice")?;
        self.stage.git(alice, &["switch", "-q", request.branch])?;
        self.stage.edit("entities/Env/prod.yaml", |text| text.replace("archives/prod", "archives/prod-2"))?;
        let head = self.push(alice, request.branch, "Env/prod: another channel")?;
        self.answer(alice, &head, &[(Approval, "success")])?;
        self.stage.edit(TEN_DAYS, |text| text.replace("name: load-test", "name: something-else"))?;
        let head = self.push(alice, request.branch, "runs: call it something else")?;
        self.answer(alice, &head, &[(Approval, "pending")])
    }

    fn performed_once(&self, request: &Request) -> Result<(), CommandError> {
        self.teller.scene(8, "Approved and merged, it is executed once, and git remembers it");
        let (alice, bob) = (self.stage.person("alice")?, self.stage.person("bob")?);
        self.review(bob, request, "fine by me, whatever it is called")?;
        let head = self.head(alice, request)?;
        self.answer(bob, &head, &[(Catalog, "success"), (Permissions, "success"), (Approval, "success")])?;
        self.stage.git(alice, &["switch", "-q", "main"])?;
        self.stage.git(alice, &["merge", "-q", "-S", "--no-ff", "-m", "Merge ten-days", request.branch])?;
        self.stage.git(alice, &["push", "-q", "origin", "main"])?;
        self.teller.git(alice.name, "git merge --no-ff ten-days && git push origin main");
        let asked = self.stage.receiver().next();
        let asked = asked.ok_or_else(|| CommandError::internal("the daemon did not have the run performed"))?;
        self.teller.says("Everything is checked once more, and the webhook of the action is called:");
        self.teller.received(&asked);
        let note = answers::audit(self.stage, alice, &request.first, "SUCCESS")?;
        if self.stage.receiver().was_asked_again() {
            return Err(CommandError::internal("the run was performed twice"));
        }
        self.teller.says("What became of it stands as a note on the commit that asked, for every clone to fetch:");
        self.teller.audited(&note);
        Ok(())
    }

    fn self_promotion(&self) -> Result<(), CommandError> {
        self.teller.scene(9, "Making oneself Admin is refused");
        let carol = self.stage.person("carol")?;
        self.branch(carol, "crown")?;
        self.stage.edit("users/carol.yaml", |text| text.replace("roles: [Member]", "roles: [Member, Admin]"))?;
        let head = self.propose(carol, "crown", "users: carol knows best")?;
        self.answer(carol, &head, &[(Permissions, "failure")])
    }

    fn branch(&self, who: &Person, name: &str) -> Result<(), CommandError> {
        self.stage.git(who, &["switch", "-q", "-c", name, "main"]).map(drop)
    }

    /// Commits what was changed, pushes it, and asks for a review of it; the commit.
    fn propose(&self, who: &Person, branch: &str, message: &str) -> Result<String, CommandError> {
        let head = self.push(who, branch, message)?;
        let request = serde_json::json!({
            "timestamp": ten_digits(), "requester": who.email, "reviewRef": format!("refs/heads/{branch}"),
            "targetRef": "refs/heads/main", "description": message, "v": 0,
        });
        self.note(who, "reviews", &request, &head)?;
        Ok(head)
    }

    fn push(&self, who: &Person, branch: &str, message: &str) -> Result<String, CommandError> {
        self.stage.git(who, &["add", "-A"])?;
        self.stage.git(who, &["commit", "-q", "-S", "-m", message])?;
        self.stage.git(who, &["push", "-q", "origin", branch])?;
        self.teller.git(who.name, &format!("git commit -S -m '{message}' && git push origin {branch}"));
        self.stage.git(who, &["rev-parse", "HEAD"])
    }

    fn head(&self, who: &Person, request: &Request) -> Result<String, CommandError> {
        self.stage.git(who, &["rev-parse", request.branch])
    }

    /// Approves the branch as it stands now.
    fn review(&self, who: &Person, request: &Request, words: &str) -> Result<(), CommandError> {
        let review = serde_json::json!({
            "timestamp": ten_digits(), "author": who.email, "location": { "commit": self.head(who, request)? },
            "description": words, "resolved": true, "v": 0,
        });
        self.note(who, "discuss", &review, &request.first)
    }

    /// Appends a line to the notes on a commit, signs the notes commit, and pushes it.
    fn note(&self, who: &Person, kind: &str, line: &serde_json::Value, commit: &str) -> Result<(), CommandError> {
        let notes = format!("refs/notes/devtools/{kind}");
        let line = line.to_string();
        self.stage.git(who, &["notes", &format!("--ref={notes}"), "append", "-m", &line, commit])?;
        let parents = self.stage.git(who, &["log", "-1", "--format=%P", &notes])?;
        let tree = format!("{notes}^{{tree}}");
        let mut sign = vec!["commit-tree", "-S", "-m", "Notes", &tree];
        for parent in parents.split_whitespace() {
            sign.extend(["-p", parent]);
        }
        let signed = self.stage.git(who, &sign)?;
        self.stage.git(who, &["update-ref", &notes, &signed])?;
        self.stage.git(who, &["push", "-q", "origin", &notes])?;
        self.teller
            .git(who.name, &format!("git notes --ref=devtools/{kind} append -m '{line}' {}", commit.get(..10).unwrap_or(commit)));
        Ok(())
    }

    /// Waits for these answers, and shows them.
    fn answer(&self, who: &Person, head: &str, wanted: &[(CheckName, &str)]) -> Result<(), CommandError> {
        let statuses = answers::expect(self.stage, who, head, wanted)?;
        self.show(who, head, &statuses, wanted)
    }

    fn show(&self, who: &Person, head: &str, statuses: &Statuses, wanted: &[(CheckName, &str)]) -> Result<(), CommandError> {
        self.teller.answer(statuses, &answers::findings(self.stage, who, head)?);
        match wanted.iter().find(|(name, status)| statuses.get(name.as_str()).is_none_or(|(found, _)| found != status)) {
            None => Ok(()),
            Some((name, status)) => Err(CommandError::internal(format!("{} should be {status}", name.as_str()))),
        }
    }
}

const TEN_DAYS: &str = "runs/ten-days.yaml";

/// Seconds since 1970, as git-appraise writes them.
fn ten_digits() -> String {
    format!("{:010}", jiff::Timestamp::now().as_second())
}
