//! A page of the index: one section a rule, read strictly and written in one way only.

use std::fmt::Write as _;

use portcullis::model::RuleDoc;

use crate::example::Example;

/// `docs/rules/<family>.md`.
pub struct Page {
    pub family: String,
    /// What stands above the first rule, from the heading on.
    head: String,
    pub sections: Vec<Section>,
}

/// One rule as the page tells it.
#[derive(Clone)]
pub struct Section {
    pub id: String,
    /// Why there is such a rule; a person wrote it.
    pub why: String,
    /// An example that breaks it, the finding aside.
    pub breaks: Option<Example>,
    /// The finding, as `check` prints it.
    pub told: String,
    /// The example again, without the mistake.
    pub mends: Option<Example>,
}

const BREAKS: &str = "**Breaks it:**";
const MENDS: &str = "**Mends it:**";
const TOLD: &str = "```text\n";
const ELSEWHERE: &str = "**Shown by:**";

impl Page {
    /// Reads a page; one that is missing is empty.
    pub fn read(family: &str, text: &str) -> Self {
        let mut parts = split_at_headings(text).into_iter();
        let head = parts.next().unwrap_or_default().trim().to_owned();
        let head = if head.is_empty() { format!("# Rules: {family}") } else { head };
        Self { family: family.to_owned(), head, sections: parts.map(|part| Section::read(&part)).collect() }
    }

    /// The page as it must be: every rule of the family, in order, in the words of the program.
    pub fn write(&self, rules: &[RuleDoc], elsewhere: &[(&str, &str)]) -> String {
        let mut out = format!("{}\n", self.head);
        for rule in rules {
            let section = self.sections.iter().find(|section| section.id == rule.id).cloned();
            let section = section.unwrap_or_else(|| Section::read(&format!("{}\n", rule.id)));
            let shown = elsewhere.iter().find(|(id, _)| *id == rule.id).map(|(_, test)| *test);
            let _ = write!(out, "\n{}", section.write(rule, shown));
        }
        out
    }
}

impl Section {
    fn read(text: &str) -> Self {
        let (id, rest) = text.split_once('\n').unwrap_or((text, ""));
        let (above, examples) = rest.split_once(BREAKS).unwrap_or((rest, ""));
        let above = above.split(ELSEWHERE).next().unwrap_or_default();
        // The demand stands in bold before the reason, and is the program's.
        let why = above.trim().strip_prefix("**").and_then(|rest| rest.split_once("**")).map_or(above, |(_, why)| why);
        let (breaks, mends) = examples.split_once(MENDS).unwrap_or((examples, ""));
        let (breaks, told) = breaks.split_once(TOLD).unwrap_or((breaks, ""));
        // The remedy stands on the rest of the line.
        let mends = mends.split_once('\n').map_or("", |(_, body)| body);
        let example = |text: &str| (!text.trim().is_empty()).then(|| Example::read(text.trim()));
        Self {
            id: id.trim().to_owned(),
            why: why.trim().to_owned(),
            breaks: example(breaks),
            told: told.split("\n```").next().unwrap_or_default().to_owned(),
            mends: example(mends),
        }
    }

    fn write(&self, rule: &RuleDoc, shown: Option<&str>) -> String {
        let mut out = format!("## {}\n\n**{}** {}\n", rule.id, rule.summary, self.why);
        if let Some(test) = shown {
            let _ = write!(out, "\n{ELSEWHERE} the test `{test}`. To mend it: {}\n", rule.remedy);
        }
        if let Some(example) = &self.breaks {
            let _ = write!(out, "\n{BREAKS}\n\n{}\n\n{TOLD}{}\n```\n", example.text, self.told);
        }
        if let Some(example) = &self.mends {
            let _ = write!(out, "\n{MENDS} {}\n\n{}\n", rule.remedy, example.text);
        }
        out
    }
}

/// The text before the first `## `, and each part after one; what stands in fences is no heading.
fn split_at_headings(text: &str) -> Vec<String> {
    let (mut parts, mut fenced) = (vec![String::new()], false);
    for line in text.lines() {
        fenced ^= line.starts_with("```");
        match line.strip_prefix("## ").filter(|_| !fenced) {
            Some(heading) => parts.push(format!("{heading}\n")),
            None => {
                let part = parts.last_mut().unwrap();
                part.push_str(line);
                part.push('\n');
            }
        }
    }
    parts
}
