//! Where the next page is: the `Link` header, as far as we need it.

/// The address that a `Link` header names as `rel="next"`.
pub(super) fn next_of(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some((_, from)) = rest.split_once('<') {
        let (address, after) = from.split_once('>')?;
        // The parameters of this link end where the next one begins: a comma may be in an address, and `<` may not.
        let (parameters, further) = after.split_once('<').map_or((after, ""), |(parameters, _)| (parameters, after));
        if parameters.split([';', ',']).any(names_next) {
            return Some(address);
        }
        rest = further;
    }
    None
}

fn names_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let value = value.trim().trim_matches('"');
    name.trim().eq_ignore_ascii_case("rel") && value.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("next"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_among_the_others() {
        let header = r#"<https://api.github.com/r/1/pulls?page=1>; rel="prev", <https://api.github.com/r/1/pulls?page=3>; rel="next", <https://api.github.com/r/1/pulls?page=9>; rel="last""#;
        assert_eq!(next_of(header), Some("https://api.github.com/r/1/pulls?page=3"));
    }

    #[test]
    fn a_cursor_works_as_well_as_a_number() {
        assert_eq!(next_of(r#"<https://h/activity?after=Y3Vy,c29y>; rel="next""#), Some("https://h/activity?after=Y3Vy,c29y"));
    }

    #[test]
    fn the_last_page_has_no_next() {
        for last in [r#"<https://h/?page=1>; rel="first""#, "", "<", "<a", "nonsense; rel=next", r#"<a>; title="next""#] {
            assert_eq!(next_of(last), None, "{last}");
        }
    }

    #[test]
    fn odd_spellings_are_read() {
        assert_eq!(next_of("<a>;rel=next"), Some("a"));
        assert_eq!(next_of(r#"<a>; type="x"; REL="last Next""#), Some("a"));
    }
}
