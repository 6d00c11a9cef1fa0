//! What every question to GitHub about one repository has in common.

use crate::forge::ForgeError;

use super::ApiError;

/// How a refusal is taken where the answer is not essential: `None` for one that says "you may not know" or "there is no such thing";
/// whatever may pass, and a credential that is not accepted at all, stays an error.
pub(super) fn readable<T>(asked: Result<Option<T>, ApiError>) -> Result<Result<T, String>, ForgeError> {
    match asked {
        Ok(Some(read)) => Ok(Ok(read)),
        Ok(None) => Ok(Err("GitHub does not show it to us".to_owned())),
        Err(ApiError::Refused { status, what }) if status != 401 => Ok(Err(what)),
        Err(error) => Err(error.into()),
    }
}

/// That something that was there a moment ago is not to be seen now.
pub(super) fn vanished(what: &str) -> ForgeError {
    ForgeError::retryable(format!("{what} vanished while it was read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_is_taken_for_an_answer() {
        let refused = |status| Err::<Option<u8>, _>(ApiError::Refused { status, what: "no".into() });
        assert_eq!(readable(refused(403)).unwrap(), Err("no".to_owned()));
        assert!(readable(refused(401)).is_err(), "without a credential nothing is known of anything");
        let later = Err::<Option<u8>, _>(ApiError::Later { what: "busy".into(), after: None });
        assert!(readable(later).unwrap_err().is_retryable());
        assert_eq!(readable::<u8>(Ok(Some(1))).unwrap(), Ok(1));
        assert!(readable::<u8>(Ok(None)).unwrap().is_err());
    }
}
