//! A reader that is wrong on purpose: it shows that the loop finds what it looks for.

use std::time::Duration;

use crate::engine::Target;

pub(crate) struct Planted(String);

impl Planted {
    pub(crate) fn new() -> Self {
        Self(std::env::var("PORTCULLIS_FUZZ_PLANTED").unwrap())
    }
}

impl Target for Planted {
    fn name(&self) -> &'static str {
        "planted"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        vec![b"a harmless text".to_vec()]
    }

    fn dictionary(&self) -> &'static [&'static str] {
        &["{{", "}}", "b", "c"]
    }

    /// Goes wrong in the third of three steps, of which each is kept for its outcome.
    fn execute(&self, input: &[u8]) -> String {
        let has = |word: &[u8]| input.windows(word.len()).any(|part| part == word);
        match (has(b"{{"), has(b"}}"), has(b"\0")) {
            (true, true, true) => match self.0.as_str() {
                "panic" => panic!("as planted"),
                "hang" => loop {
                    std::thread::park();
                },
                _ => format!("{}", vec![1u8; 32 << 20].len()),
            },
            steps => format!("{steps:?}"),
        }
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(2)
    }

    fn memory(&self) -> usize {
        16 << 20
    }
}
