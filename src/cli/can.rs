//! `portcullis can`: whether somebody may do something, and why.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::catalog::{Catalog, Field, approve_rule, execute_rule, nearest};
use crate::check::Base;
use crate::check::advice::{self, Asked, Matrix, Proposal, Question, Right, Unanswerable};
use crate::model::{ActionOperation, EntityKey, Identifier, Kind, Place, Subject};
use crate::report::{
    Answer, AnswerEdit, AnswerMatrix, AnswerPart, MatrixRow, Sources, Spot, answer_json, answer_text, defuse_inline,
    line_and_column, matrix_json, matrix_text,
};

use super::options::CatalogOptions;
use super::{Color, CommandError, Outcome, judging, output};

/// The arguments of `portcullis can`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  portcullis can alice@acme.dev update Env/prod --property slackChannelUrl
  portcullis can alice@acme.dev update Env/prod --field '$team'
  portcullis can alice@acme.dev execute actions/delete_env --entity prod
  portcullis can alice@acme.dev update permissions/Env
  portcullis can --all Env/prod                      who may do what with it: a table")]
pub struct Args {
    /// The user's identifier.
    #[arg(required_unless_present = "all")]
    user: Option<Identifier>,
    /// What they would do.
    #[arg(value_enum, required_unless_present = "all")]
    operation: Option<Asked>,
    /// To what: `Env/prod` for an entity, otherwise `blueprints/Env`, `permissions/Env`, `actions/ID`, `runs/ID`, `users/ID`,
    /// `teams/ID`, `catalog.yaml`.
    #[arg(required_unless_present = "all")]
    subject: Option<String>,
    /// Instead of one question: everybody and every operation on this subject.
    #[arg(
        long,
        value_name = "SUBJECT",
        conflicts_with_all = ["user", "operation", "subject", "property", "relation", "field", "entity"]
    )]
    all: Option<String>,
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

impl ValueEnum for Asked {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Read => "See it",
            Self::Register => "Create an entity",
            Self::Unregister => "Delete an entity",
            Self::Update => "Change it",
            Self::Execute => "Ask for an action to be run",
            Self::Approve => "Approve runs of an action",
            Self::Create => "Create a document other than an entity",
            Self::Delete => "Delete a document other than an entity",
        };
        Some(PossibleValue::new(self.as_str()).help(help))
    }
}

/// Runs it.
///
/// # Errors
/// Whatever kept it from an answer.
pub fn run(args: &Args, color: Color) -> Result<Outcome, CommandError> {
    if let Some(subject) = &args.all {
        return run_matrix(args, subject, color);
    }
    let (Some(user), Some(asked), Some(subject)) = (&args.user, args.operation, &args.subject) else {
        return Err(CommandError::usage("who, what and to which subject: one of them is missing"));
    };
    let question =
        Question { user: user.clone(), asked, subject: parse_subject(subject)?, field: field(args), entity: args.entity.clone() };
    let revision = judging::revision(&args.catalog.repo, &args.catalog.root, &args.rev)?;
    let base = Base(revision.catalog);
    must_be_there(&base.0, &question)?;
    let rights = advice::answer(&base, &question).map_err(no_answer)?;
    let allowed = rights.iter().all(|right| right.allowed);
    let note = if allowed || args.json { None } else { asked_of_no_entity(&base, &question) };
    let spot = |place: &Place| line_and_column(place, &args.catalog.root, revision.sources.as_ref());
    let answer = Answer {
        user: user.to_string(),
        operation: asked.as_str().to_owned(),
        subject: question.subject.to_string(),
        who: advice::who_could(&base, &rights),
        changes: if allowed { Vec::new() } else { changes(&advice::advise(&base, &question), &spot) },
        parts: rights.into_iter().map(|right| part(right, &args.catalog.root, revision.sources.as_ref())).collect(),
    };
    output::print(&if args.json { answer_json(&answer) } else { answer_text(&answer, color.on_stdout()) })?;
    if let Some(note) = note {
        eprintln!("note: {note}");
    }
    Ok(if answer.allowed() { Outcome::Clean } else { Outcome::Findings })
}

/// A rule that a slip of the pen falls under would answer for something that is not there.
fn must_be_there(catalog: &Catalog, question: &Question) -> Result<(), CommandError> {
    let missing = |what: String, name: &str, known: Vec<&str>| {
        let error = CommandError::could_not_judge(format!("{what} `{}` at this revision", defuse_inline(name)));
        Err(match nearest(name, known.iter().copied()) {
            Some(meant) => error.hint(format!("did you mean `{meant}`?")),
            None => error.hint(format!("there are: {}", known.join(", "))),
        })
    };
    match (&question.subject, &question.field, &question.entity) {
        (Subject::Entity(key), Some(field), _) => {
            let Some(blueprint) = catalog.blueprints().get(&key.blueprint).map(|found| &found.value) else { return Ok(()) };
            let reads = question.asked == Asked::Read;
            let properties = || blueprint.properties.keys().chain(blueprint.derived.keys().filter(|_| reads)).map(AsRef::as_ref);
            match field {
                Field::Property(name) if blueprint.derived.contains_key(name) && !reads => {
                    Err(CommandError::usage(format!("`{name}` is computed, and nobody writes it")).hint("ask who may `read` it"))
                }
                Field::Property(name) if properties().any(|known| known == &**name) => Ok(()),
                // Meta-properties are read too, and only read.
                Field::Property(name) if reads && name.starts_with('$') => Ok(()),
                Field::Property(name) => missing(format!("{} has no property", key.blueprint), name, properties().collect()),
                Field::Relation(name) if !blueprint.relations.contains_key(name) => {
                    let known = blueprint.relations.keys().map(AsRef::as_ref).collect();
                    missing(format!("{} has no relation", key.blueprint), name, known)
                }
                _ => Ok(()),
            }
        }
        (Subject::Action(id), _, Some(name)) => {
            let Some(action) = catalog.actions().get(id).map(|found| &found.value) else { return Ok(()) };
            let key = EntityKey { blueprint: action.blueprint.clone(), identifier: name.clone() };
            if action.trigger.operation == ActionOperation::Create || catalog.entities().contains(&key) {
                return Ok(());
            }
            let siblings: Vec<EntityKey> = catalog.entities().keys_of(&key.blueprint).collect();
            let near = nearest(name.as_str(), siblings.iter().map(|known| known.identifier.as_str()));
            let error = CommandError::could_not_judge(format!("{key} is not in the catalog at this revision"));
            Err(near.map(|near| format!("did you mean `--entity {near}`?")).into_iter().fold(error, CommandError::hint))
        }
        _ => Ok(()),
    }
}

/// What to say beside a refusal of somebody whom the rule might grant for an entity that was not named.
fn asked_of_no_entity(base: &Base<Catalog>, question: &Question) -> Option<&'static str> {
    let (Subject::Action(id), None) = (&question.subject, &question.entity) else { return None };
    let action = &base.0.actions().get(id)?.value;
    let rule = match question.asked {
        Asked::Execute => execute_rule(&base.0, action),
        Asked::Approve => approve_rule(&base.0, action),
        _ => return None,
    };
    let depends = action.trigger.operation != ActionOperation::Create && (rule.owned_by_team || rule.policy.is_some());
    depends.then_some("the rule asks about the entity that the action is to act on; --entity names one")
}

fn run_matrix(args: &Args, subject: &str, color: Color) -> Result<Outcome, CommandError> {
    let subject = parse_subject(subject)?;
    let revision = judging::revision(&args.catalog.repo, &args.catalog.root, &args.rev)?;
    let found = advice::matrix(&Base(revision.catalog), &subject).map_err(no_answer)?;
    let spot = |place: &Place| line_and_column(place, &args.catalog.root, revision.sources.as_ref());
    let table = table(found, &spot);
    output::print(&if args.json { matrix_json(&table) } else { matrix_text(&table, color.on_stdout()) })?;
    Ok(Outcome::Clean)
}

fn no_answer(why: Unanswerable) -> CommandError {
    let error = if why.absent { CommandError::could_not_judge(why.message) } else { CommandError::usage(why.message) };
    match why.hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

fn changes(proposals: &[Proposal], spot: &dyn Fn(&Place) -> Spot) -> Vec<Vec<AnswerEdit>> {
    let edit = |edit: &advice::Edit| AnswerEdit { text: edit.text.clone(), place: spot(&edit.place), new_file: edit.new_file };
    proposals.iter().map(|proposal| proposal.edits.iter().map(edit).collect()).collect()
}

fn table(matrix: Matrix, spot: &dyn Fn(&Place) -> Spot) -> AnswerMatrix {
    let row = |operation: advice::MatrixOperation| MatrixRow {
        operation: operation.asked.as_str().to_owned(),
        is_action: operation.action.is_some(),
        of: operation.action.map(|id| id.to_string()).or_else(|| operation.field.map(|field| field.to_string())),
        rule: operation.rule.to_owned(),
        places: operation.places.iter().map(spot).collect(),
    };
    AnswerMatrix {
        subject: matrix.subject.to_string(),
        operations: matrix.operations.into_iter().map(row).collect(),
        groups: matrix
            .groups
            .into_iter()
            .map(|group| (group.users.iter().map(ToString::to_string).collect(), group.allowed))
            .collect(),
    }
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
        who: right.who,
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
