//! How much of one file stands in another, measured as git measures it: by lines, or pieces of 64 bytes.

use std::collections::HashMap;

/// What git calls entirely alike.
pub(super) const SAME: u64 = 60_000;
/// From here on a file counts as renamed: half of it.
pub(super) const RENAMED: u64 = SAME / 2;
/// With the same name three quarters are asked for, before others are compared with at all.
pub(super) const RENAMED_SAME_NAME: u64 = SAME * 3 / 4;
const PIECE: usize = 64;

/// A file as its pieces, each with how many bytes of the file it makes.
pub(super) struct Pieces<'a> {
    size: u64,
    /// A piece without its line break, and whether it had one.
    count: HashMap<(&'a [u8], bool), u64>,
}

impl<'a> Pieces<'a> {
    pub(super) fn of(content: &'a [u8]) -> Self {
        let mut count: HashMap<(&[u8], bool), u64> = HashMap::new();
        let mut rest = content;
        while !rest.is_empty() {
            let line = rest.iter().take(PIECE).position(|b| *b == b'\n').map_or(PIECE, |at| at + 1);
            let (piece, after) = rest.split_at_checked(line.min(rest.len())).unwrap_or((rest, &[]));
            // The size counts as it stands; a carriage return before the line feed does not make a line another.
            let line = piece.strip_suffix(b"\n");
            let bare = line.map_or(piece, |l| l.strip_suffix(b"\r").unwrap_or(l));
            *count.entry((bare, line.is_some())).or_default() += piece.len() as u64;
            rest = after;
        }
        Self { size: content.len() as u64, count }
    }

    /// From 0 to [`SAME`].
    pub(super) fn likeness(&self, other: &Self) -> u64 {
        let (max, min) = (self.size.max(other.size), self.size.min(other.size));
        if max == 0 || max * (SAME - RENAMED) < (max - min) * SAME {
            return 0;
        }
        let (few, many) = if self.count.len() <= other.count.len() { (self, other) } else { (other, self) };
        let copied: u64 = few.count.iter().filter_map(|(piece, n)| many.count.get(piece).map(|m| (*n).min(*m))).sum();
        copied * SAME / max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness_is_the_share_of_equal_lines() {
        let a: String = (0..10).map(|i| format!("line {i}\n")).collect();
        let b = a.replace("line 3", "LINE 3");
        let like = |a: &str, b: &str| Pieces::of(a.as_bytes()).likeness(&Pieces::of(b.as_bytes()));
        assert_eq!(like(&a, &a), SAME);
        assert_eq!(like(&a, &b), SAME * 9 / 10);
        assert_eq!(like(&a, "nothing of it\n"), 0);
        assert_eq!(like("", ""), 0);
    }
}
