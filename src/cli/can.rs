//! `portcullis can`: whether somebody may do something, and why.

use clap::ValueEnum;

use crate::catalog::Field;
use crate::check::Base;
use crate::model::{EntityKey, Identifier, Kind, Subject};
use crate::report::{Answer, AnswerPart, Sources, answer_json, answer_text, line_and_column};

use super::options::CatalogOptions;
use super::question::{self, Asked, Question, Right};
use super::{Color, CommandError, Outcome, judging, output};

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

/// Runs it.
///
/// # Errors
/// Whatever kept it from an answer.
pub fn run(args: &Args, color: Color) -> Result<Outcome, CommandError> {
    let question = Question {
        user: args.user.clone(),
        asked: args.operation,
        subject: parse_subject(&args.subject)?,
        field: field(args),
        entity: args.entity.clone(),
    };
    let revision = judging::revision(&args.catalog.repo, &args.catalog.root, &args.rev)?;
    let rights = question::answer(&Base(revision.catalog), &question)?;
    let answer = Answer {
        user: args.user.to_string(),
        operation: args.operation.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default(),
        subject: question.subject.to_string(),
        parts: rights.into_iter().map(|right| part(right, &args.catalog.root, revision.sources.as_ref())).collect(),
    };
    output::print(&if args.json { answer_json(&answer) } else { answer_text(&answer, color.on_stdout()) })?;
    Ok(if answer.allowed() { Outcome::Clean } else { Outcome::Findings })
}

fn field(args: &Args) -> Option<Field> {
    let property = args.property.as_deref().map(|name| match name {
        "$title" => Field::Title,
        "$icon" => Field::Icon,
        "$team" => Field::Team,
        name => Field::Property(name.into()),
    });
    let relation = || args.relation.as_deref().map(|name| Field::Relation(name.into()));
    let meta = || {
        args.field.as_deref().map(|name| match name {
            "$title" => Field::Title,
            "$icon" => Field::Icon,
            _ => Field::Team,
        })
    };
    property.or_else(relation).or_else(meta)
}

fn part(right: Right, root: &str, sources: &dyn Sources) -> AnswerPart {
    AnswerPart {
        field: right.field.as_ref().map(ToString::to_string),
        allowed: right.allowed,
        rule: right.rule.to_owned(),
        place: right.place.as_ref().map(|place| line_and_column(place, root, sources)),
        reason: right.reason,
        who_could: right.who_could,
    }
}

/// Reads a subject as the verdict writes it; `entities/Env/prod` is another way to write `Env/prod`.
pub(super) fn parse_subject(text: &str) -> Result<Subject, CommandError> {
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
