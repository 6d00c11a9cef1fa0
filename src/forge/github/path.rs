//! Names of others put into addresses, so that no name can lead anywhere else.

use super::client;

/// One segment of a path. `None` for what a server may take for a step up, or for no segment at all.
pub(super) fn segment(name: &str) -> Option<String> {
    (!matches!(name, "" | "." | "..")).then(|| client::segment(name))
}

/// A value of a query.
pub(super) fn query(value: &str) -> String {
    client::segment(value)
}

/// `owner/name` as two segments.
pub(super) fn repository(full_name: &str) -> Option<String> {
    let (owner, name) = full_name.split_once('/')?;
    Some(format!("{}/{}", segment(owner)?, segment(name)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_segment() {
        assert_eq!(segment("portcullis/refused").as_deref(), Some("portcullis%2Frefused"));
        assert_eq!(segment("../../orgs/evil?x#y").as_deref(), Some("..%2F..%2Forgs%2Fevil%3Fx%23y"));
        assert_eq!(segment("renovate[bot]").as_deref(), Some("renovate%5Bbot%5D"));
        assert_eq!(query("refs/heads/größe&ref=x"), "refs%2Fheads%2Fgr%C3%B6%C3%9Fe%26ref%3Dx");
    }

    #[test]
    fn a_step_up_is_no_name() {
        for name in ["", ".", ".."] {
            assert_eq!(segment(name), None);
        }
        assert_eq!(repository("acme/.."), None);
        assert_eq!(repository("acme"), None);
        assert_eq!(repository("acme/catalog").as_deref(), Some("acme/catalog"));
        assert_eq!(repository("acme/a/b").as_deref(), Some("acme/a%2Fb"));
    }
}
