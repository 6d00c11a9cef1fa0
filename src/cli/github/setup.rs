//! `portcullis github setup`: what a GitHub App is asked for.

use clap::ValueEnum;

use crate::cli::{CommandError, Outcome, output};
use crate::config::{github_addresses, github_owner};
use crate::report::{AppWishes, app_manifest_html, app_manifest_json, app_manifest_text};

/// The longest name of an App that GitHub takes, in characters.
const LONGEST_NAME: usize = 34;

/// The arguments of `portcullis github setup`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  portcullis github setup --org acme --url https://portcullis.acme.dev
  portcullis github setup --org acme                 an App for a daemon that polls
  portcullis github setup --org acme --merge --format html > app.html

docs/github.md goes on from there.")]
pub(super) struct Args {
    /// The organisation that is to own the App [default: whoever registers it].
    #[arg(long, value_name = "ORG")]
    org: Option<String>,
    /// The App's name, which must be unique on GitHub [default: portcullis-ORG].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The address at which GitHub reaches the daemon, for webhooks. Without it the daemon polls, and the App needs less.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The daemon is to merge (`merge` in its configuration): the App may then write to the repository.
    #[arg(long)]
    merge: bool,
    /// The daemon is to execute runs: the App may then write the notes that tell what became of them, and entities.
    #[arg(long)]
    execute: bool,
    /// Actions dispatch workflows (`GITHUB`): the App may then start them and see how they end.
    #[arg(long)]
    workflows: bool,
    /// Teams of the catalog say `github`: the App may then read who is in a team.
    #[arg(long)]
    teams: bool,
    /// The API of that GitHub, where it is an Enterprise Server: https://HOST/api/v3.
    #[arg(long, value_name = "URL", default_value = "https://api.github.com", env = "PORTCULLIS_GITHUB_URL")]
    github_url: String,
    /// How to print: `html` is a page with a button that sends the manifest to GitHub.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Format {
    /// For people: reasons, steps, manifest.
    Text,
    /// The manifest alone.
    Json,
    /// A page with a button that sends the manifest to GitHub.
    Html,
}

/// Prints it.
pub(super) fn run(args: &Args) -> Result<Outcome, CommandError> {
    let wishes = wishes_of(args)?;
    output::print(&match args.format {
        Format::Text => app_manifest_text(&wishes),
        Format::Json => app_manifest_json(&wishes),
        Format::Html => app_manifest_html(&wishes),
    })?;
    Ok(Outcome::Clean)
}

fn wishes_of(args: &Args) -> Result<AppWishes, CommandError> {
    let (api, git) = github_addresses(&args.github_url).map_err(CommandError::usage)?;
    if let Some(org) = &args.org {
        github_owner(org).map_err(CommandError::usage)?;
    }
    if let Some(url) = &args.url {
        reachable(url)?;
    }
    let default = || match &args.org {
        Some(org) => format!("portcullis-{org}").chars().take(LONGEST_NAME).collect(),
        None => "portcullis".to_owned(),
    };
    let name = args.name.clone().unwrap_or_else(default);
    let length = name.chars().count();
    if length == 0 || length > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(CommandError::usage(format!("the name of an App has at most {LONGEST_NAME} characters")));
    }
    let url = args.url.as_ref().map(|url| url.trim_end_matches('/').to_owned());
    Ok(AppWishes {
        name,
        org: args.org.clone(),
        git,
        api,
        url,
        merge: args.merge,
        execute: args.execute,
        workflows: args.workflows,
        teams: args.teams,
    })
}

/// Whether GitHub could deliver there.
fn reachable(url: &str) -> Result<(), CommandError> {
    let parsed: Option<http::Uri> = url.parse().ok();
    let is_address = parsed.as_ref().is_some_and(|uri| {
        uri.scheme_str() == Some("https") && uri.query().is_none() && uri.authority().is_some_and(|a| !a.as_str().contains('@'))
    });
    if !is_address || url.ends_with(crate::report::WEBHOOK_PATH) {
        return Err(CommandError::usage(format!("`{url}` is not an address at which GitHub reaches the daemon"))
            .hint("write where it stands: https://portcullis.acme.dev; /webhooks/github is appended"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> Args {
        Args {
            org: Some("acme".to_owned()),
            name: None,
            url: Some("https://portcullis.acme.dev/".to_owned()),
            merge: false,
            execute: false,
            workflows: false,
            teams: false,
            github_url: "https://ghe.acme.dev/api/v3".to_owned(),
            format: Format::Json,
        }
    }

    #[test]
    fn an_enterprise_server_has_a_page_of_its_own() {
        let wishes = wishes_of(&args()).unwrap();
        assert_eq!(wishes.page(), "https://ghe.acme.dev/organizations/acme/settings/apps/new");
        assert_eq!(wishes.name, "portcullis-acme");
        assert_eq!(wishes.hook_url().as_deref(), Some("https://portcullis.acme.dev/webhooks/github"));
    }

    #[test]
    fn the_app_is_told_of_what_the_receiver_understands_and_where_it_listens() {
        assert_eq!(crate::report::WEBHOOK_PATH, crate::server::WEBHOOK_PATH);
        let told = crate::report::app_events(&AppWishes { teams: true, ..wishes_of(&args()).unwrap() });
        let told: std::collections::BTreeSet<&str> = told.iter().map(|event| event.name).collect();
        let understood: std::collections::BTreeSet<&str> = crate::forge::github::delivery::EVENTS.iter().copied().collect();
        assert_eq!(told, understood);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for wrong in [
            Args { org: Some("acme/../x".to_owned()), ..args() },
            Args { url: Some("http://portcullis.acme.dev".to_owned()), ..args() },
            Args { url: Some("https://portcullis.acme.dev/webhooks/github".to_owned()), ..args() },
            Args { url: Some("portcullis.acme.dev".to_owned()), ..args() },
            Args { name: Some("n".repeat(35)), ..args() },
            Args { github_url: "http://ghe.acme.dev/api/v3".to_owned(), ..args() },
        ] {
            assert!(wishes_of(&wrong).is_err(), "{wrong:?}");
        }
    }
}
