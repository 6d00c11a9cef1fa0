//! The last paragraph of a commit message, where `Co-authored-by:` lines stand.

/// How many co-authors one commit may name; more are text like any other.
const MOST: usize = 256;

/// The addresses of a commit's co-authors, in order and once each.
///
/// They stand in the last paragraph, which is not the first: each on a line of its own, `Co-authored-by: Name <address>`, whatever the
/// case of its key, with exactly one pair of angle brackets. What forges show as co-authors is what counts here, so that the
/// other lines of the paragraph need be no trailers.
pub(super) fn co_authors(message: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for address in last_paragraph(message).into_iter().filter_map(co_author) {
        if out.len() < MOST && !out.contains(&address) {
            out.push(address);
        }
    }
    out
}

/// What stands after `key: ` on the one line of the last paragraph that begins so, whatever the case of the key; `None` where there is no
/// such line, or more than one.
pub fn trailer(message: &str, key: &str) -> Option<String> {
    let said = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.trim_end_matches([' ', '\t']).eq_ignore_ascii_case(key).then(|| value.trim().to_owned())
    };
    let mut values = last_paragraph(message).into_iter().filter_map(said);
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// The lines of the last paragraph, unless it is the first.
fn last_paragraph(message: &str) -> Vec<&str> {
    let mut paragraphs = Vec::new();
    let mut open = false;
    for line in message.lines() {
        match (line.trim().is_empty(), open) {
            (true, _) => open = false,
            (false, true) => {
                if let Some(last) = paragraphs.last_mut() {
                    Vec::push(last, line);
                }
            }
            (false, false) => {
                paragraphs.push(vec![line]);
                open = true;
            }
        }
    }
    paragraphs.pop().filter(|_| !paragraphs.is_empty()).unwrap_or_default()
}

fn co_author(line: &str) -> Option<String> {
    let (key, value) = line.split_once(':')?;
    if !key.trim_end_matches([' ', '\t']).eq_ignore_ascii_case("co-authored-by") {
        return None;
    }
    let (_, rest) = value.split_once('<')?;
    let (address, after) = rest.split_once('>')?;
    let address = address.trim_matches([' ', '\t']);
    let plain = !address.is_empty() && !address.contains('<') && after.trim().is_empty();
    plain.then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{co_authors, trailer};

    #[test]
    fn a_trailer_is_one_line_of_the_last_paragraph() {
        let message = "Upsert env/prod\n\nFor a run.\n\nPortcullis-Run: r_1\nportcullis-action : grant\n";
        assert_eq!(trailer(message, "Portcullis-Run").as_deref(), Some("r_1"));
        assert_eq!(trailer(message, "Portcullis-Action").as_deref(), Some("grant"));
        for none in ["Portcullis-Run: r_1\n", "x\n\nPortcullis-Run: r_1\n\nmore", "x\n\nPortcullis-Run: r_1\nPortcullis-Run: r_2"]
        {
            assert_eq!(trailer(none, "Portcullis-Run"), None, "{none:?}");
        }
    }

    #[test]
    fn co_authors_stand_in_the_last_paragraph() {
        let message = "Extend prod\n\nFor the sale.\n\nSigned-off-by: Alice <alice@acme.dev>\nCo-authored-by: Bob <bob@acme.dev>\n\
                       CO-AUTHORED-BY : Carol Danvers <carol@acme.dev>\r\nco-authored-by: Bob <bob@acme.dev>\n\n";
        assert_eq!(co_authors(message), ["bob@acme.dev", "carol@acme.dev"]);
        assert_eq!(co_authors("Extend prod\n\nCo-authored-by: <x@y.example>\nwith words"), ["x@y.example"]);
    }

    #[test]
    fn what_stands_elsewhere_or_is_no_address_names_nobody() {
        let none = |message: &str| assert_eq!(co_authors(message), Vec::<String>::new(), "{message:?}");
        none("");
        none("Co-authored-by: Bob <bob@acme.dev>\n");
        none("Extend\n\nCo-authored-by: Bob <bob@acme.dev>\n\nand more");
        none("Extend\n\n  Co-authored-by: Bob <bob@acme.dev>");
        none(
            "Extend\n\nCo-authored-by: Bob <bob@acme.dev> <eve@x>\nCo-authored-by: Bob\nCo-authored-by: B <>\nCo-authored-by: B < <b@x>",
        );
        none("Extend\n\nNot-Co-authored-by: Bob <bob@acme.dev>");
    }

    #[test]
    fn a_crowd_is_cut() {
        let crowd: String = (0..1_000).map(|i| format!("Co-authored-by: B <b{i}@acme.dev>\n")).collect();
        assert_eq!(co_authors(&format!("Extend\n\n{crowd}")).len(), 256);
    }
}
