//! Reaches into armoured blocks: what base64 hides is mutated as what it is.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Changes the binary content of the longest run of base64 in a text, over line breaks and the indent of headers.
pub(crate) fn within(bytes: &mut Vec<u8>, change: &mut dyn FnMut(&mut Vec<u8>)) {
    let is = |b: u8| ALPHABET.contains(&b) || matches!(b, b'=' | b'\n' | b' ');
    let mut best = 0..0;
    let mut from = 0;
    for at in 0..=bytes.len() {
        if at == bytes.len() || !is(bytes[at]) {
            if at - from > best.len() {
                best = from..at;
            }
            from = at + 1;
        }
    }
    // Indented as a header's continuation lines are, or not at all.
    let indent = bytes[best.clone()].windows(2).any(|pair| pair == b"\n ");
    let mut binary = decode(&bytes[best.clone()]);
    change(&mut binary);
    let mut out = Vec::new();
    for line in encode(&binary).chunks(70) {
        out.extend_from_slice(if indent { b"\n " } else { b"\n" });
        out.extend_from_slice(line);
    }
    out.extend_from_slice(if indent { b"\n " } else { b"\n" });
    bytes.splice(best, out);
}

fn decode(text: &[u8]) -> Vec<u8> {
    let (mut out, mut bits, mut held) = (Vec::new(), 0u32, 0);
    for six in text.iter().filter_map(|b| ALPHABET.iter().position(|a| a == b)) {
        (bits, held) = (bits << 6 | six as u32, held + 6);
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    out
}

fn encode(binary: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for three in binary.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, b| bits << 8 | u32::from(*b)) << (8 * (3 - three.len()));
        let four = (0..4).map(|i| ALPHABET[(bits >> (18 - 6 * i)) as usize & 63]);
        out.extend(four.enumerate().map(|(i, c)| if i > three.len() { b'=' } else { c }));
    }
    out
}

#[test]
fn base64_there_and_back() {
    for text in ["", "a", "ab", "abc", "abcd"] {
        assert_eq!(decode(&encode(text.as_bytes())), text.as_bytes());
    }
    assert_eq!(encode(b"ab"), b"YWI=");
}
