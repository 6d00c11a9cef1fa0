//! Mutations that know a little of structure: words, lines, nesting, numbers, and base64 within armour.

use fastrand::Rng;

use crate::armour;
use crate::engine::Target;

const NUMBERS: &[&str] =
    &["0", "-1", "1e999", "9223372036854775808", "18446744073709551616", "1.5", "0x10", "-0", "1_000", "4294967296"];
const OPENERS: &[&str] = &["[", "{\"a\":", "- ", "(", "{{", "\n  ", "  ", "? ", "\"", "and: ", "{", ".[", "[{\"rules\":"];

/// A changed copy of `input`; `other` is what it is mixed with.
pub(crate) fn mutated(r: &mut Rng, target: &dyn Target, input: &[u8], other: &[u8], most: usize) -> Vec<u8> {
    let head = if r.u32(..20) == 0 { 0 } else { target.head(input).min(input.len()) };
    let tail_of_other = other.get(target.head(other).min(other.len())..).unwrap_or_default();
    let mut tail = input[head..].to_vec();
    for _ in 0..=r.usize(..4) {
        once(r, target, &mut tail, tail_of_other);
        tail.truncate(most);
    }
    [&input[..head], &tail].concat()
}

fn range(r: &mut Rng, len: usize) -> std::ops::Range<usize> {
    let (a, b) = (r.usize(..=len), r.usize(..=len));
    let (from, to) = (a.min(b), a.max(b));
    // Short stretches more often than long ones.
    from..if r.bool() { to } else { to.min(from + 1 + r.usize(..24)) }
}

fn once(r: &mut Rng, target: &dyn Target, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = r.usize(..=bytes.len());
    match r.u32(..15) {
        0 if !bytes.is_empty() => {
            let at = r.usize(..bytes.len());
            bytes[at] ^= 1 << r.u32(..8);
        }
        1 if !bytes.is_empty() => {
            let at = r.usize(..bytes.len());
            bytes[at] = r.u8(..);
        }
        2 => drop(bytes.drain(range(r, bytes.len()))),
        3 => bytes.truncate(at),
        4 => {
            let copied = bytes[range(r, bytes.len())].to_vec();
            drop(bytes.splice(at..at, copied));
        }
        5 => {
            let from = other[range(r, other.len())].to_vec();
            drop(bytes.splice(range(r, bytes.len()), from));
        }
        6 | 7 => {
            let word = target.dictionary()[r.usize(..target.dictionary().len())];
            let over = if r.bool() { at..at } else { range(r, bytes.len()) };
            drop(bytes.splice(over, word.bytes()));
        }
        // Deeper than anybody writes.
        8 => {
            let opener = OPENERS[r.usize(..OPENERS.len())];
            let times = [2, 30, 40, 500, 5_000][r.usize(..5)];
            drop(bytes.splice(at..at, opener.repeat(times).into_bytes()));
        }
        9 => lines(r, bytes),
        10 => {
            let digits = bytes
                .iter()
                .position(u8::is_ascii_digit)
                .map_or(at..at, |from| from..from + bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count());
            drop(bytes.splice(digits, NUMBERS[r.usize(..NUMBERS.len())].bytes()));
        }
        11 => {
            let wild = ["\u{202e}", "\u{0}", "\u{feff}", "é", "e\u{301}", "\u{1f600}", "\t", "\r\n", "\u{2028}", "\u{85}"];
            drop(bytes.splice(at..at, wild[r.usize(..wild.len())].bytes()));
        }
        12 => drop(bytes.splice(at..at, vec![r.u8(..); r.usize(1..2_000)])),
        _ => {
            let mut inner = |binary: &mut Vec<u8>| {
                let at = r.usize(..=binary.len());
                match r.u32(..5) {
                    0 | 1 if !binary.is_empty() => {
                        let at = r.usize(..binary.len());
                        binary[at] = [0, 1, 0x7f, 0x80, 0xff, r.u8(..)][r.usize(..6)];
                    }
                    2 => binary.truncate(at),
                    3 => drop(binary.splice(at..at, [0xff; 4])),
                    _ => drop(binary.drain(range(r, binary.len()))),
                }
            };
            armour::within(bytes, &mut inner);
        }
    }
}

/// Takes out, repeats, swaps or indents a line.
fn lines(r: &mut Rng, bytes: &mut Vec<u8>) {
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    if lines.is_empty() {
        return;
    }
    let (a, b) = (r.usize(..lines.len()), r.usize(..lines.len()));
    match r.u32(..4) {
        0 => drop(lines.remove(a)),
        1 => lines.insert(b, lines[a].clone()),
        2 => lines.swap(a, b),
        _ => drop(lines[a].splice(..0, b"  ".to_vec())),
    }
    *bytes = lines.concat();
}
