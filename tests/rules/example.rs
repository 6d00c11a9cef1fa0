//! An example as a page writes it: files, commands, facts, each in a fence below the line that says what it is.

/// One example.
#[derive(Clone, Default)]
pub struct Example {
    /// As it stands on the page.
    pub text: String,
    /// Who commits it.
    pub by: Option<String>,
    /// Files of the watched branch, beside or instead of those of the base catalog.
    pub base: Vec<(String, String)>,
    /// Files of the change.
    pub files: Vec<(String, String)>,
    /// Commands, run in a clone with the branch `change` checked out.
    pub script: String,
    /// The facts of the pull request, as `simulate` reads them.
    pub facts: Option<String>,
    /// What is no example: a fence without a meaning.
    pub wrong: Vec<String>,
}

impl Example {
    /// Reads one.
    pub fn read(text: &str) -> Self {
        let mut example = Self { text: text.to_owned(), ..Self::default() };
        let (mut caption, mut lines) = ("", text.lines());
        while let Some(line) = lines.next() {
            if let Some(who) = line.strip_prefix("Committed by `") {
                example.by = who.split('`').next().map(str::to_owned);
            }
            let Some(language) = line.strip_prefix("```") else {
                caption = if line.trim().is_empty() { caption } else { line };
                continue;
            };
            let body: String = lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
            example.take(caption, language, body);
            caption = "";
        }
        example
    }

    fn take(&mut self, caption: &str, language: &str, body: String) {
        let named = caption.strip_prefix('`').and_then(|rest| rest.split_once('`'));
        match (language, named) {
            ("sh", None) => self.script.push_str(&body),
            ("json", Some(("facts.json", ":"))) => self.facts = Some(body),
            (_, Some((path, ":"))) => self.files.push((path.to_owned(), body)),
            (_, Some((path, " on the watched branch:"))) => self.base.push((path.to_owned(), body)),
            _ => self.wrong.push(format!("a fence of `{language}` below {caption:?} means nothing")),
        }
    }

    /// What is mended stands on the same watched branch, is told the same facts, and is committed by the same person, where it
    /// says nothing else.
    pub fn after(&self, broken: &Self) -> Self {
        let mut mended = self.clone();
        let own = |path: &String| mended.base.iter().any(|(own, _)| own == path);
        let mut base: Vec<_> = broken.base.iter().filter(|(path, _)| !own(path)).cloned().collect();
        base.append(&mut mended.base);
        mended.base = base;
        mended.by = mended.by.or_else(|| broken.by.clone());
        mended.facts = mended.facts.or_else(|| broken.facts.clone());
        mended
    }
}
