//! Accounts, and the two kinds of text that mean something to us.

use serde::Deserialize;

use crate::model::{CommitId, ForgeUser, Timestamp};

/// An account; GitHub writes `null` or `{}` for one that was deleted or is not known.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct Account {
    pub(crate) login: Option<String>,
    pub(crate) id: Option<u64>,
}

impl Account {
    /// The account by its numeric id; without one it is nobody.
    pub(crate) fn user(&self) -> Option<ForgeUser> {
        let id = self.id.filter(|id| *id > 0)?;
        Some(ForgeUser { login: self.login.clone().unwrap_or_default(), id })
    }
}

/// The account of a field that may be missing.
pub(crate) fn account(field: Option<&Account>) -> Option<ForgeUser> {
    field.and_then(Account::user)
}

/// A commit's id; forty zeros stand for none.
pub(crate) fn commit_id(field: Option<&String>) -> Option<CommitId> {
    field.and_then(|text| CommitId::from_hex(text)).filter(|id| id.0 != [0; 20])
}

/// A time, where it is one.
pub(crate) fn timestamp(field: Option<&String>) -> Option<Timestamp> {
    field.and_then(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_no_number_is_nobody() {
        let read = |json: &str| account(serde_json::from_str::<Option<Account>>(json).unwrap().as_ref());
        assert_eq!(read(r#"{"login":"octocat","id":1,"type":"User"}"#), Some(ForgeUser { login: "octocat".into(), id: 1 }));
        assert_eq!(read(r#"{"login":null,"id":1}"#), Some(ForgeUser { login: String::new(), id: 1 }));
        for nobody in ["null", "{}", r#"{"login":"ghost"}"#, r#"{"login":"x","id":0}"#, r#"{"login":"x","id":null}"#] {
            assert_eq!(read(nobody), None, "{nobody}");
        }
    }

    #[test]
    fn zeros_are_no_commit() {
        assert_eq!(commit_id(Some(&"0".repeat(40))), None);
        assert_eq!(commit_id(Some(&"main".to_owned())), None);
        assert_eq!(commit_id(Some(&"ab".repeat(20))), Some(CommitId([0xab; 20])));
    }
}
