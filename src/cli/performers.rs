//! Who performs runs, and by which channels people are told of them: made of the daemon's configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{ChannelConfig, Config, EmailConfig, RepositoryConfig, Tls};
use crate::controller::outbox::Channels;
use crate::execute::entity::{EntityOptions, EntityPerformer};
use crate::execute::{Performer, Performers, WebhookOptions, WebhookPerformer};
use crate::facts::Workspace;
use crate::forge::Forge;
use crate::git::SshSigner;
use crate::model::Timestamp;
use crate::notify::{Channel, EmailChannel, EmailSettings, Form, PostChannel, Security};
use crate::outbound::{Outbound, OutboundPolicy, Signer, SystemResolver};

use super::CommandError;

/// Who performs the runs of a repository; nobody where execution is switched off.
pub(super) fn performers(
    repository: &RepositoryConfig,
    config: &Config,
    workspace: &Arc<Workspace>,
    forge: &Arc<dyn Forge>,
) -> Result<Performers, CommandError> {
    if !config.execution.enabled {
        return Ok(Performers::default());
    }
    Ok(Performers {
        webhook: webhook(config)?,
        entity: Some(entity(repository, config, workspace, forge)?),
        hand: config.author.email.clone(),
        ..Performers::default()
    })
}

/// What the daemon may speak to.
fn policy(config: &Config) -> OutboundPolicy {
    let execution = &config.execution;
    OutboundPolicy {
        hosts: execution.hosts.clone(),
        private: execution.private.clone(),
        plain_http: execution.plain_http,
        timeout: execution.timeout,
        ..OutboundPolicy::default()
    }
}

fn webhook(config: &Config) -> Result<Option<Arc<dyn Performer>>, CommandError> {
    if config.execution.hosts.is_empty() {
        return Ok(None);
    }
    let cannot = |error: &dyn std::error::Error| CommandError::could_not_judge("runs cannot be sent to anybody").because(error);
    let outbound = Outbound::new(policy(config), Arc::new(SystemResolver)).map_err(|error| cannot(&error))?;
    let secret = config.execution.webhook_secret.as_ref();
    let options = WebhookOptions {
        secrets: config.execution.secrets.clone(),
        signer: secret.map(|secret| Signer::parse(secret.reveal())).transpose().map_err(|error| cannot(&error))?,
        timeout: None,
    };
    Ok(Some(Arc::new(WebhookPerformer::new(Arc::new(outbound), options, Arc::new(Timestamp::now)))))
}

fn entity(
    repository: &RepositoryConfig,
    config: &Config,
    workspace: &Arc<Workspace>,
    forge: &Arc<dyn Forge>,
) -> Result<Arc<dyn Performer>, CommandError> {
    let signer =
        config.execution.signing_key.as_deref().map(SshSigner::read).transpose().map_err(|error| {
            CommandError::could_not_judge("the key that commits are signed with cannot be read").because(&error)
        })?;
    let options = EntityOptions {
        path: repository.path.clone(),
        branch: repository.branch.clone(),
        root: repository.root.clone(),
        remote: repository.remote.as_ref().map(|remote| remote.secret().to_owned()),
        name: config.author.name.clone(),
        email: config.author.email.clone(),
        link: repository.github.as_ref().map(|github| format!("{}/{}/commit/", github.git, github.name)),
        deadline: config.fetch_deadline,
    };
    let workspace = workspace.clone();
    let catalog = move |commit| workspace.snapshot(commit).map(|found| found.catalog).map_err(|error| error.to_string());
    Ok(Arc::new(EntityPerformer::new(options, signer, forge.clone(), Box::new(catalog), Box::new(Timestamp::now))))
}

/// The channels, by the names that `catalog.yaml` calls them.
pub(super) fn channels(config: &Config) -> Result<Channels, CommandError> {
    let mut channels: Channels = BTreeMap::new();
    for (name, channel) in &config.channels {
        let cannot = |error: &dyn std::error::Error| {
            CommandError::could_not_judge(format!("the channel `{name}` cannot be used")).because(error)
        };
        let post = |form, url: &crate::forge::github::Secret| {
            PostChannel::new(form, url.clone(), &policy(config), Arc::new(SystemResolver))
                .map(|channel| Arc::new(channel) as Arc<dyn Channel>)
                .map_err(|error| cannot(&error))
        };
        let made = match channel {
            ChannelConfig::Slack { url } => post(Form::Slack, url)?,
            ChannelConfig::Teams { url } => post(Form::Teams, url)?,
            ChannelConfig::Webhook { url, secret } => {
                let signer = Signer::parse(secret.reveal()).map_err(|error| cannot(&error))?;
                post(Form::Webhook(signer), url)?
            }
            ChannelConfig::Email(email) => Arc::new(EmailChannel::new(&settings(email)).map_err(|error| cannot(&error))?),
        };
        channels.insert(name.clone(), made);
    }
    Ok(channels)
}

fn settings(email: &EmailConfig) -> EmailSettings {
    EmailSettings {
        host: email.host.clone(),
        port: email.port,
        from: email.from.clone(),
        security: match email.tls {
            Tls::Starttls => Security::Starttls,
            Tls::Implicit => Security::Implicit,
            Tls::None => Security::None,
        },
        login: email.username.clone().zip(email.password.clone()),
        authorities: String::new(),
    }
}
