//! Decides which texts may name a thing in the catalog.

use std::fmt;
use std::sync::{Arc, OnceLock};

use unicode_normalization::UnicodeNormalization;

/// A name from Port's character set, at most [`Identifier::MAX`] characters (spec 1, `identifier/*`).
///
/// Cheap to clone. Comparison is exact; look-alikes are judged over the whole catalog with [`Identifier::look_alike_keys`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier(Arc<str>);

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// No characters at all.
    #[error("an identifier may not be empty")]
    Empty,
    /// More than [`Identifier::MAX`] characters.
    #[error("an identifier has at most {max} characters, this one has {found}", max = Identifier::MAX)]
    TooLong {
        /// How many characters there were.
        found: usize,
    },
    /// `.` and `..` are paths, not names.
    #[error("`{0}` is a path, not a name")]
    Dots(String),
    /// A character that nobody can see, or that turns the direction of writing.
    #[error("an identifier may not hold the invisible or direction-changing character U+{:04X}", u32::from(*.0))]
    Invisible(char),
    /// Another way of writing the same letters.
    #[error("an identifier must be in Unicode normal form C")]
    NotNormal,
    /// A character outside Port's set.
    #[error("`{}` (U+{:04X}) may not stand in an identifier: allowed are A-Z a-z 0-9 @ _ . + : \\ / = -", .0.escape_default(), u32::from(*.0))]
    Character(char),
}

impl Identifier {
    /// The greatest length, in characters.
    pub const MAX: usize = 100;

    /// Checks `text` and takes it as an identifier.
    pub fn new(text: &str) -> Result<Self, IdentifierError> {
        if text.is_empty() {
            return Err(IdentifierError::Empty);
        }
        if text.len() <= Self::MAX && text.bytes().all(|b| is_allowed(char::from(b))) && text != "." && text != ".." {
            return Ok(Self(Arc::from(text))); // nearly every identifier, without the cost of normal forms
        }
        let found = text.chars().count();
        if found > Self::MAX {
            return Err(IdentifierError::TooLong { found });
        }
        if text == "." || text == ".." {
            return Err(IdentifierError::Dots(text.to_owned()));
        }
        if let Some(c) = text.chars().find(|c| is_invisible(*c)) {
            return Err(IdentifierError::Invisible(c));
        }
        if !text.nfc().eq(text.chars()) {
            return Err(IdentifierError::NotNormal);
        }
        match text.chars().find(|c| !is_allowed(*c)) {
            Some(c) => Err(IdentifierError::Character(c)),
            None => Ok(Self(Arc::from(text))),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A key that sorts before every identifier: where a range over one blueprint begins.
    pub(crate) fn least() -> Self {
        Self(Arc::from(""))
    }

    /// What was an identifier when it was written down.
    pub(crate) fn known(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// What the eye sees: two identifiers look alike when they share either key, the first without case, the second
    /// with confusable letters folded too (UTS 39).
    ///
    /// Two keys and not one: `I` looks like `l` and is the capital of `i`, yet `i` and `l` differ plainly.
    pub fn look_alike_keys(&self) -> [String; 2] {
        Self::look_alike_keys_of(&self.0)
    }

    /// The same for the text of an identifier.
    pub(crate) fn look_alike_keys_of(text: &str) -> [String; 2] {
        // Its characters are ASCII, of which each looks like something by itself.
        let looks = looks();
        let mut confusable = String::with_capacity(text.len() + 8); // `m` looks like two letters
        confusable.extend(text.bytes().filter_map(|byte| looks.get(usize::from(byte))).map(|look| &**look));
        [text.to_ascii_lowercase(), confusable]
    }
}

/// What each character of ASCII looks like, in lower case.
fn looks() -> &'static [Box<str>] {
    static LOOKS: OnceLock<Vec<Box<str>>> = OnceLock::new();
    LOOKS.get_or_init(|| {
        let look = |byte: u8| {
            let skeleton: String = unicode_security::confusable_detection::skeleton(&char::from(byte).to_string()).collect();
            skeleton.to_lowercase().into()
        };
        (0..128).map(look).collect()
    })
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '@' | '_' | '.' | '+' | ':' | '\\' | '/' | '=' | '-')
}

/// Zero-width, direction-changing, tag, filler and other control characters.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl AsRef<str> for Identifier {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Identifier {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Identifier {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Identifier {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl std::str::FromStr for Identifier {
    type Err = IdentifierError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::new(s)
    }
}

impl serde::Serialize for Identifier {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for Identifier {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_ports_characters() {
        for good in ["Env", "alice@acme.dev", "cart-sql-sb", "a:b/c=d_e.f+g", "..."] {
            assert!(Identifier::new(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn refuses_what_hides_or_escapes() {
        assert_eq!(Identifier::new(""), Err(IdentifierError::Empty));
        assert!(matches!(Identifier::new(".."), Err(IdentifierError::Dots(_))));
        assert_eq!(Identifier::new("ad\u{200b}min"), Err(IdentifierError::Invisible('\u{200b}')));
        assert_eq!(Identifier::new("\u{202e}nimda"), Err(IdentifierError::Invisible('\u{202e}')));
        assert_eq!(Identifier::new("cafe\u{301}"), Err(IdentifierError::NotNormal));
        assert_eq!(Identifier::new("аdmin"), Err(IdentifierError::Character('а')));
        assert_eq!(Identifier::new("a b"), Err(IdentifierError::Character(' ')));
        assert_eq!(Identifier::new(&"x".repeat(101)), Err(IdentifierError::TooLong { found: 101 }));
    }

    #[test]
    fn what_a_name_looks_like_is_what_its_characters_look_like() {
        let all: String = (0..128u8).map(char::from).filter(|c| is_allowed(*c)).collect();
        for start in 0..all.len() {
            let text = format!("{}{}", &all[start..], &all[..start]);
            let skeleton: String = unicode_security::confusable_detection::skeleton(&text).collect();
            assert_eq!(Identifier::known(&text).look_alike_keys(), [text.to_lowercase(), skeleton.to_lowercase()]);
        }
    }

    #[test]
    fn look_alikes_share_a_key() {
        let alike = |a: &str, b: &str| {
            let [a, b] = [a, b].map(|s| Identifier::new(s).unwrap().look_alike_keys());
            a.iter().zip(&b).any(|(a, b)| a == b)
        };
        assert!(alike("Prod", "pr0d"));
        assert!(alike("env-1", "env-l"));
        assert!(alike("env-I", "env-i"));
        assert!(alike("env-I", "env-l"));
        assert!(alike("modern", "modem"));
        assert!(!alike("env-i", "env-l"));
        assert!(!alike("env-1", "env-2"));
    }
}
