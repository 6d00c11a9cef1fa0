//! The voice of the demo: what is done, what git is told, and what the daemon answered.

use anstream::{AutoStream, ColorChoice, println};

use serde_json::Value;

use crate::cli::Color;
use crate::report::defuse_line;

use super::answers::Statuses;
use super::receiver::Asked;
use super::stage::Stage;

const BOLD: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const GREEN: &str = "\u{1b}[32m";
const RED: &str = "\u{1b}[31m";
const YELLOW: &str = "\u{1b}[33m";
const PLAIN: &str = "\u{1b}[0m";

/// Prints; colours only where they are wanted.
#[derive(Clone, Debug)]
pub(super) struct Teller;

impl Teller {
    pub(super) fn new(color: Color) -> Self {
        let stdout = std::io::stdout();
        let choice = if color.on_stdout() { ColorChoice::Always } else { ColorChoice::Never };
        let _ = AutoStream::new(stdout, choice);
        choice.write_global();
        Self
    }

    pub(super) fn opening(&self, stage: &Stage) {
        println!(
            "{BOLD}Portcullis, in front of you.{PLAIN} A bare repository with the example catalog, everyone with a fresh SSH key,"
        );
        println!("and a daemon that watches it. Every step below is plain git; every answer is read back from the repository.");
        println!("{DIM}{}{PLAIN}", stage.origin().display());
    }

    pub(super) fn scene(&self, number: usize, title: &str) {
        println!();
        println!("{BOLD}{number}. {title}{PLAIN}");
    }

    pub(super) fn says(&self, text: &str) {
        println!("   {text}");
    }

    pub(super) fn git(&self, who: &str, command: &str) {
        println!("   {DIM}{who} $ {command}{PLAIN}");
    }

    pub(super) fn answer(&self, statuses: &Statuses, findings: &[String]) {
        for (context, (status, said)) in statuses {
            let (color, mark) = match status.as_str() {
                "success" => (GREEN, "✔"),
                "failure" => (RED, "✘"),
                _ => (YELLOW, "…"),
            };
            println!("   {color}{mark} {context}{PLAIN}  {}", defuse_line(said));
        }
        for finding in findings {
            println!("     {DIM}{}{PLAIN}", defuse_line(finding));
        }
    }

    /// A request, as whoever performs runs got it.
    pub(super) fn received(&self, asked: &Asked) {
        println!("     {DIM}{}{PLAIN}", defuse_line(&asked.line));
        for name in ["Idempotency-Key", "X-Portcullis-Run"] {
            println!("     {DIM}{name}: {}{PLAIN}", defuse_line(asked.header(name)));
        }
        println!("     {DIM}{}{PLAIN}", defuse_line(&asked.body));
    }

    /// The lines of an audit note, each with what matters most.
    pub(super) fn audited(&self, lines: &[Value]) {
        for line in lines {
            let text = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default();
            let list = line.get("approvals").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            let approvals: Vec<&str> = list.collect();
            let by = if approvals.is_empty() { String::new() } else { format!("  approved by {}", approvals.join(", ")) };
            let (event, state) = (defuse_line(text("event")), defuse_line(text("state")));
            let told = format!("{event:10}{state}{}  {}", defuse_line(&by), defuse_line(text("says")));
            println!("     {DIM}{}{PLAIN}", told.trim_end());
        }
    }

    pub(super) fn encore(&self, stage: &Stage) {
        let work = stage.work();
        let work = work.display();
        println!();
        println!("{BOLD}The daemon is still watching.{PLAIN} Go on by hand, with plain git:");
        println!("   cd {work}");
        println!("   git log --all --oneline --graph");
        println!("   git -C {} notes --ref=devtools/ci show BRANCH        # statuses", stage.origin().display());
        println!("   git -C {} notes --ref=devtools/analyses show BRANCH  # findings", stage.origin().display());
        println!("   git -C {} log --notes=portcullis/runs main -- runs     # what became of runs", stage.origin().display());
        println!(
            "   portcullis runs log ten-days --repo {} --store {}",
            stage.origin().display(),
            stage.path("portcullis.db").display()
        );
        println!("   portcullis check --repo {work} --head BRANCH");
        println!("   portcullis can carol@acme.dev update Env/staging --property monthlyCost --repo {work}");
        println!(
            "docs/git-forge.md has the commands to ask for a review and to give one; the keys are in {}.",
            stage.path("keys").display()
        );
        println!("Ctrl-C ends it.");
    }

    pub(super) fn closing(&self) {
        println!();
        println!(
            "{BOLD}That is the whole job:{PLAIN} every commit judged, every answer in the repository, every approval somebody else's,"
        );
        println!("and what was approved done once.");
    }
}
