//! Decides how much approval a run needs, from its action and its inputs (spec 6, `requiredApproval`).

use crate::model::{Action, ApprovalKind, RequiredApproval, Value};

/// What a run needs before it may execute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Requirement {
    /// Nobody's approval.
    None,
    /// Approvals.
    Approvals {
        /// Of `count` who may approve, or of all of them and of `count` at least.
        kind: ApprovalKind,
        /// At least one.
        count: u32,
    },
}

/// What `action` needs for these inputs, which have their defaults filled in.
///
/// A `when` that is no valid schema, or that would have to be fetched, cannot say that approval is not needed.
pub fn requirement(action: &Action, inputs: &Value) -> Requirement {
    match &action.required_approval {
        RequiredApproval::Never => Requirement::None,
        RequiredApproval::Always { kind, count } => Requirement::Approvals { kind: *kind, count: (*count).max(1) },
        RequiredApproval::When { schema, kind, count } => match matches(schema, inputs) {
            Some(false) => Requirement::None,
            Some(true) | None => Requirement::Approvals { kind: *kind, count: (*count).max(1) },
        },
    }
}

fn matches(schema: &Value, inputs: &Value) -> Option<bool> {
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .should_validate_formats(true)
        .build(&schema.to_json())
        .ok()?;
    Some(validator.is_valid(&inputs.to_json()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::fixture::{World, inputs};

    fn when(schema: &str, given: &str) -> Requirement {
        let approval = RequiredApproval::When { schema: inputs(schema), kind: ApprovalKind::Any, count: 2 };
        let world = World::new().with_action(|a| a.required_approval = approval.clone());
        requirement(&world.action, &inputs(given))
    }

    const NEEDED: Requirement = Requirement::Approvals { kind: ApprovalKind::Any, count: 2 };

    #[test]
    fn ten_days_need_approval_and_three_do_not() {
        let schema = r#"{"properties":{"ttl":{"const":"10 days"}}}"#;
        assert_eq!(when(schema, r#"{"ttl":"10 days"}"#), NEEDED);
        assert_eq!(when(schema, r#"{"ttl":"3 days"}"#), Requirement::None);
    }

    #[test]
    fn what_cannot_be_evaluated_needs_approval() {
        for schema in [
            r#"{"type":"nonsense"}"#,
            r#"{"$ref":"https://example.com/schema.json"}"#,
            r#"{"$ref":"file:///etc/hostname"}"#,
            r#"{"properties":{"ttl":{"pattern":"(a)\\1"}}}"#,
            r##"{"$ref":"#"}"##,
            r##"{"allOf":[{"$ref":"#"}]}"##,
            r#"[]"#,
            r#"null"#,
        ] {
            assert_eq!(when(schema, r#"{"ttl":"3 days"}"#), NEEDED, "{schema}");
        }
    }

    #[test]
    fn an_action_may_need_none_or_always_some() {
        let need = |approval| requirement(&World::new().with_action(|a| a.required_approval = approval).action, &inputs("{}"));
        assert_eq!(need(RequiredApproval::Never), Requirement::None);
        assert_eq!(
            need(RequiredApproval::Always { kind: ApprovalKind::All, count: 0 }),
            Requirement::Approvals { kind: ApprovalKind::All, count: 1 }
        );
    }
}
