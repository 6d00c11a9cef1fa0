//! `portcullis can`: whether somebody may do something, and why.

use clap::ValueEnum;

use crate::model::{EntityKey, Identifier, Kind, Subject};

use super::options::CatalogOptions;
use super::{Color, CommandError, Outcome};

/// The arguments of `portcullis can`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  portcullis can alice@acme.dev update Env/prod --property slackChannelUrl
  portcullis can alice@acme.dev update Env/prod --field '$team'
  portcullis can alice@acme.dev execute actions/delete_env --entity prod
  portcullis can alice@acme.dev update permissions/Env")]
pub struct Args {
    /// The user's identifier.
    user: Identifier,
    /// What they would do.
    #[arg(value_enum)]
    operation: Asked,
    /// To what: `Env/prod` for an entity, otherwise `blueprints/Env`, `permissions/Env`, `actions/ID`, `runs/ID`, `users/ID`,
    /// `teams/ID`, `catalog.yaml`.
    subject: String,
    /// The property it is about.
    #[arg(long, value_name = "NAME", group = "part")]
    property: Option<String>,
    /// The relation it is about.
    #[arg(long, value_name = "NAME", group = "part")]
    relation: Option<String>,
    /// Another field it is about.
    #[arg(long, value_name = "FIELD", group = "part", value_parser = ["$title", "$icon", "$team"])]
    field: Option<String>,
    /// For `execute` and `approve`: the entity the action is to act on.
    #[arg(long, value_name = "ID")]
    entity: Option<Identifier>,
    #[command(flatten)]
    catalog: CatalogOptions,
    /// The revision whose rules decide.
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    rev: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What can be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Asked {
    /// See it.
    Read,
    /// Create an entity.
    Register,
    /// Delete an entity.
    Unregister,
    /// Change it.
    Update,
    /// Ask for an action to be run.
    Execute,
    /// Approve runs of an action.
    Approve,
    /// Create a document other than an entity.
    Create,
    /// Delete a document other than an entity.
    Delete,
}

/// Runs it.
///
/// # Errors
/// Whatever kept it from an answer.
pub fn run(args: &Args, _color: Color) -> Result<Outcome, CommandError> {
    let _subject = parse_subject(&args.subject)?;
    Err(CommandError::could_not_judge(format!("{} cannot be read", args.catalog.repo.display())))
}

/// Reads a subject as the verdict writes it; `entities/Env/prod` is another way to write `Env/prod`.
fn parse_subject(text: &str) -> Result<Subject, CommandError> {
    if text == Kind::Policy.directory() {
        return Ok(Subject::Policy);
    }
    let wrong = || {
        CommandError::usage(format!("`{text}` names nothing in a catalog")).hint(
            "write `Env/prod` for an entity, `blueprints/Env`, `actions/delete_env`, `users/alice@acme.dev`, `catalog.yaml`",
        )
    };
    let (first, rest) = text.split_once('/').ok_or_else(wrong)?;
    let identifier = |text: &str| Identifier::new(text).map_err(|error| wrong().because(&error));
    let entity = |blueprint: &str, name: &str| -> Result<Subject, CommandError> {
        Ok(Subject::Entity(EntityKey { blueprint: identifier(blueprint)?, identifier: identifier(name)? }))
    };
    match Kind::WITH_DIRECTORY.into_iter().find(|kind| kind.directory() == first) {
        None => entity(first, rest),
        Some(Kind::Entity) => {
            let (blueprint, name) = rest.split_once('/').ok_or_else(wrong)?;
            entity(blueprint, name)
        }
        Some(Kind::Blueprint) => Ok(Subject::Blueprint(identifier(rest)?)),
        Some(Kind::Permissions) => Ok(Subject::Permissions(identifier(rest)?)),
        Some(Kind::Action) => Ok(Subject::Action(identifier(rest)?)),
        Some(Kind::Run) => Ok(Subject::Run(identifier(rest)?)),
        Some(Kind::User) => Ok(Subject::User(identifier(rest)?)),
        Some(Kind::Team) => Ok(Subject::Team(identifier(rest)?)),
        Some(Kind::Policy) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_read_as_they_are_written() {
        for text in ["Env/prod", "Env/a/b", "users/alice@acme.dev", "blueprints/Env", "permissions/Env", "actions/x", "runs/x"] {
            assert_eq!(parse_subject(text).unwrap().to_string(), text);
        }
        assert_eq!(parse_subject("entities/Env/prod").unwrap().to_string(), "Env/prod");
        assert_eq!(parse_subject("catalog.yaml").unwrap(), Subject::Policy);
        for wrong in ["", "Env", "Env/", "/x", "entities/Env", "users/", "Env/a b"] {
            assert!(parse_subject(wrong).is_err(), "{wrong}");
        }
    }
}
