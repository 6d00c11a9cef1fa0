//! What an entity says, as text of few bytes: lengths and numbers in characters of six bits, then the values one after the other.
//!
//! Reading is total: what nobody wrote reads as nothing, and never fails.

use arcstr::ArcStr;

use crate::model::{Entity, Identifier, Part, Pointer, RelationValue, Value};

/// In the first character: which of these it has.
const TEAM: u8 = 1;
const TITLE: u8 = 2;
const ICON: u8 = 4;

/// Of one character: six bits, and whether another follows.
const BITS: u8 = 0x3f;
const MORE: u8 = 0x40;

/// Where an entity stands in its file, and how its file is called.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Standing {
    pub(super) home: Home,
    pub(super) pointer: Pointer,
}

/// How the text beside a body is to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Home {
    /// As the path of the file.
    Path,
    /// As the directory; the file is called by the identifier, with this extension.
    Directory(Extension),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Extension {
    Yaml,
    Yml,
    Json,
}

impl Extension {
    pub(super) const ALL: [Self; 3] = [Self::Yaml, Self::Yml, Self::Json];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Yaml => ".yaml",
            Self::Yml => ".yml",
            Self::Json => ".json",
        }
    }
}

/// Writes a body. `scratch` is empty afterwards, and keeps its memory.
pub(super) fn write(entity: &Entity, standing: &Standing, scratch: &mut String) -> ArcStr {
    let out = scratch;
    let flag = |has: bool, bit: u8| if has { bit } else { 0 };
    let flags = flag(entity.team.is_some(), TEAM) | flag(entity.title.is_some(), TITLE) | flag(entity.icon.is_some(), ICON);
    out.push(char::from(flags));
    out.push(match standing.home {
        Home::Path => '\0',
        Home::Directory(Extension::Yaml) => '\u{1}',
        Home::Directory(Extension::Yml) => '\u{2}',
        Home::Directory(Extension::Json) => '\u{3}',
    });
    pointer(out, &standing.pointer);
    if let Some(team) = &entity.team {
        identifiers(out, team);
    }
    // Before what is large: owners and references are read more often than anything else.
    for relation in entity.relations.values() {
        match relation {
            RelationValue::Null => number(out, 0),
            RelationValue::One(one) => {
                number(out, 1);
                text(out, one.as_str());
            }
            RelationValue::Many(many) => {
                number(out, 2);
                identifiers(out, many);
            }
        }
    }
    for line in [&entity.title, &entity.icon].into_iter().flatten() {
        text(out, line);
    }
    entity.properties.values().for_each(|property| value(out, property));
    let body = ArcStr::from(out.as_str());
    out.clear();
    body
}

fn number(out: &mut String, mut number: u128) {
    loop {
        let low = u8::try_from(number & u128::from(BITS)).unwrap_or_default();
        number >>= 6;
        if number == 0 {
            out.push(char::from(low));
            return;
        }
        out.push(char::from(low | MORE));
    }
}

fn length(out: &mut String, length: usize) {
    number(out, length as u128);
}

fn text(out: &mut String, text: &str) {
    length(out, text.len());
    out.push_str(text);
}

fn identifiers(out: &mut String, list: &[Identifier]) {
    length(out, list.len());
    list.iter().for_each(|identifier| text(out, identifier.as_str()));
}

fn pointer(out: &mut String, pointer: &Pointer) {
    length(out, pointer.parts().len());
    for part in pointer.parts() {
        match part {
            Part::Key(key) => {
                number(out, 0);
                text(out, key);
            }
            Part::Index(index) => {
                number(out, 1);
                length(out, *index);
            }
        }
    }
}

fn value(out: &mut String, of: &Value) {
    match of {
        Value::Null => number(out, 0),
        Value::Bool(false) => number(out, 1),
        Value::Bool(true) => number(out, 2),
        Value::Int(whole) => {
            number(out, if *whole < 0 { 4 } else { 3 });
            number(out, whole.unsigned_abs());
        }
        Value::Float(float) => {
            number(out, 5);
            number(out, u128::from(float.to_bits().reverse_bits())); // most fractions people write end in zeros
        }
        Value::String(string) => {
            number(out, 6);
            text(out, string);
        }
        Value::List(items) => {
            number(out, 7);
            length(out, items.len());
            items.iter().for_each(|item| value(out, item));
        }
        Value::Map(pairs) => {
            number(out, 8);
            length(out, pairs.len());
            for (key, under) in pairs {
                text(out, key);
                value(out, under);
            }
        }
    }
}

/// Reads a body from its beginning, part by part.
pub(super) struct Reader<'a> {
    rest: &'a str,
    flags: u8,
}

impl<'a> Reader<'a> {
    pub(super) fn new(body: &'a str) -> (Self, Home) {
        let mut reader = Self { rest: body, flags: 0 };
        reader.flags = reader.byte();
        let home = match reader.byte() {
            1 => Home::Directory(Extension::Yaml),
            2 => Home::Directory(Extension::Yml),
            3 => Home::Directory(Extension::Json),
            _ => Home::Path,
        };
        (reader, home)
    }

    fn byte(&mut self) -> u8 {
        match self.rest.split_at_checked(1) {
            Some((first, rest)) => {
                self.rest = rest;
                first.as_bytes().first().copied().unwrap_or_default()
            }
            None => 0,
        }
    }

    fn number(&mut self) -> u128 {
        let mut number = 0u128;
        for at in (0..128).step_by(6) {
            let byte = self.byte();
            number |= u128::from(byte & BITS) << at;
            if byte & MORE == 0 {
                break;
            }
        }
        number
    }

    /// A length, at most what is left: each item of whatever is counted has one byte at least.
    fn length(&mut self) -> usize {
        usize::try_from(self.number()).unwrap_or_default().min(self.rest.len())
    }

    fn text(&mut self) -> &'a str {
        let length = self.length();
        let (text, rest) = self.rest.split_at_checked(length).unwrap_or_default();
        self.rest = rest;
        text
    }

    fn identifiers(&mut self) -> Vec<Identifier> {
        (0..self.length()).map(|_| Identifier::known(self.text())).collect()
    }

    pub(super) fn pointer(&mut self) -> Pointer {
        let mut pointer = Pointer::root();
        for _ in 0..self.length() {
            pointer = match self.number() {
                0 => pointer.key(self.text()),
                _ => pointer.index(usize::try_from(self.number()).unwrap_or_default()),
            };
        }
        pointer
    }

    pub(super) fn team(&mut self) -> Option<Vec<Identifier>> {
        (self.flags & TEAM != 0).then(|| self.identifiers())
    }

    /// Passes over the owners, telling each.
    pub(super) fn teams(&mut self, mut tell: impl FnMut(&'a str)) {
        let count = if self.flags & TEAM != 0 { self.length() } else { 0 };
        (0..count).for_each(|_| tell(self.text()));
    }

    /// The next relation, in the order of the shape.
    pub(super) fn relation(&mut self) -> RelationValue {
        match self.number() {
            1 => RelationValue::One(Identifier::known(self.text())),
            2 => RelationValue::Many(self.identifiers()),
            _ => RelationValue::Null,
        }
    }

    /// Passes over the next relation, telling its targets.
    pub(super) fn targets(&mut self, mut tell: impl FnMut(&'a str)) {
        let count = match self.number() {
            1 => 1,
            2 => self.length(),
            _ => 0,
        };
        (0..count).for_each(|_| tell(self.text()));
    }

    pub(super) fn title(&mut self) -> Option<String> {
        (self.flags & TITLE != 0).then(|| self.text().to_owned())
    }

    pub(super) fn icon(&mut self) -> Option<String> {
        (self.flags & ICON != 0).then(|| self.text().to_owned())
    }

    /// The next property, in the order of the shape.
    pub(super) fn value(&mut self) -> Value {
        match self.number() {
            1 => Value::Bool(false),
            2 => Value::Bool(true),
            3 => Value::Int(i128::try_from(self.number()).unwrap_or_default()),
            4 => Value::Int(i128::try_from(self.number()).unwrap_or_default().wrapping_neg()),
            5 => Value::Float(f64::from_bits(u64::try_from(self.number()).unwrap_or_default().reverse_bits())),
            6 => Value::String(self.text().into()),
            7 => Value::List((0..self.length()).map(|_| self.value()).collect()),
            8 => Value::Map((0..self.length()).map(|_| (self.text().into(), self.value())).collect()),
            _ => Value::Null,
        }
    }
}
