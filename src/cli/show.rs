//! `portcullis show`: an entity with its defaults, its derived properties and where it comes from.

use clap::ValueEnum;

use crate::catalog::derive::{Derivation, NoProvenance, Provenance, SeesAll, Sight};
use crate::catalog::{Catalog, nearest, user_of};
use crate::check::Base;
use crate::check::view::Eyes;
use crate::facts::{History, Origins};
use crate::model::{EntityKey, Identifier, Subject, Timestamp};
use crate::report::{EntityView, defuse_inline, entity_json, entity_text, entity_yaml};

use super::can::parse_subject;
use super::options::CatalogOptions;
use super::{CommandError, Outcome, judging, output};

/// The arguments of `portcullis show`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  portcullis show Env/prod
  portcullis show Env/prod --as bob@acme.dev          what Bob sees of it
  portcullis show Microservice/cart-backend --format json")]
pub struct Args {
    /// The entity: `Env/prod`.
    entity: String,
    #[command(flatten)]
    catalog: CatalogOptions,
    /// The revision that is read.
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    rev: String,
    /// Show what this user of the roster sees, and nothing else.
    #[arg(long = "as", value_name = "USER")]
    as_user: Option<Identifier>,
    /// How it is printed.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How an entity is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs, in the form of Port's API.
    Json,
    /// The same as YAML.
    Yaml,
}

/// Runs it.
///
/// # Errors
/// Whatever kept it from an answer.
pub fn run(args: &Args) -> Result<Outcome, CommandError> {
    let Subject::Entity(key) = parse_subject(&args.entity)? else {
        return Err(CommandError::usage(format!("`{}` is no entity", args.entity)).hint("name one: `Env/prod`"));
    };
    let place = judging::Place::open(&args.catalog.repo, &args.catalog.root)?;
    let commit = place.resolve(&args.rev)?;
    let snapshot = place.workspace.snapshot(commit).map_err(|error| judging::cannot_judge(&error))?;
    let base = Base(snapshot.catalog);
    let mut history = History::new(place.workspace.root(), base.0.policy().limits);
    let known = history.advance(&place.repository, commit);
    if let Err(error) = &known {
        // The rest can be told all the same: a shallow clone is no reason to show nothing.
        eprintln!("note: history cannot be read, so $createdAt and the like are left out: {}", defuse_inline(&error.to_string()));
    }
    let origins = Origins::new(&history, &place.repository, &base);
    let provenance: &dyn Provenance = if known.is_ok() { &origins } else { &NoProvenance };
    if let Some(user) = args.as_user.as_ref().filter(|user| user_of(&base.0, user).is_none()) {
        return Err(CommandError::could_not_judge(format!("{user} is not in the roster at this revision"))
            .hint("a stranger sees nothing; `users/` lists who is known"));
    }
    let eyes = args.as_user.as_ref().map(|user| Eyes::of(&base.0, user));
    // Whoever runs this has the repository and reads every file of it, so nothing is kept from them unless they ask.
    let sight: &dyn Sight = eyes.as_ref().map_or(&SeesAll, |eyes| eyes);
    let derivation = Derivation::new(&base.0, sight, provenance).at(Timestamp::now());
    let view = EntityView::of(&base.0, &derivation, &key).ok_or_else(|| {
        // The same words whether it is hidden or absent: who may not see it is not to learn which.
        let who = args.as_user.as_ref().map(|user| format!(" that {} sees", defuse_inline(user.as_str()))).unwrap_or_default();
        // For the same reason no name is suggested to somebody who does not see all.
        let meant = if args.as_user.is_some() { None } else { meant(&base.0, &key) };
        CommandError::could_not_judge(format!("{key} is not in the catalog{who} at this revision"))
            .hint(meant.unwrap_or_else(|| "it may stand in a file that cannot be read: `portcullis check` tells".to_owned()))
    })?;
    output::print(&match args.format {
        Format::Text => entity_text(&view),
        Format::Json => entity_json(&view),
        Format::Yaml => entity_yaml(&view),
    })?;
    Ok(Outcome::Clean)
}

/// What may have been meant: an entity of this name but for a slip, or a blueprint.
fn meant(catalog: &Catalog, missing: &EntityKey) -> Option<String> {
    let blueprints = catalog.blueprints().map();
    if !blueprints.contains_key(&missing.blueprint) {
        let near = nearest(missing.blueprint.as_str(), blueprints.keys().map(Identifier::as_str));
        return Some(near.map_or_else(
            || format!("there is no blueprint `{}`", missing.blueprint),
            |near| format!("there is no blueprint `{}`: did you mean `{near}/{}`?", missing.blueprint, missing.identifier),
        ));
    }
    let siblings: Vec<EntityKey> = catalog.entities().keys_of(&missing.blueprint).collect();
    let near = nearest(missing.identifier.as_str(), siblings.iter().map(|key| key.identifier.as_str()))?;
    Some(format!("did you mean `{}/{near}`?", missing.blueprint))
}
