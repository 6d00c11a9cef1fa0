//! Who performs the runs of a repository, as the configuration sets them up.

use std::sync::Arc;

use crate::config::{Config, RepositoryConfig};
use crate::execute::entity::{EntityOptions, EntityPerformer};
use crate::execute::{Performer, Performers, WebhookOptions, WebhookPerformer, WorkflowPerformer};
use crate::facts::Workspace;
use crate::forge::Forge;
use crate::git::SshSigner;
use crate::model::Timestamp;
use crate::outbound::{Outbound, OutboundPolicy, Signer, SystemResolver};

use super::CommandError;
use super::github::Hub;

/// Who performs the runs of a repository; nobody where execution is switched off.
pub(super) fn performers(
    repository: &RepositoryConfig,
    config: &Config,
    workspace: &Arc<Workspace>,
    forge: &Arc<dyn Forge>,
    hub: Option<&Hub>,
) -> Result<Performers, CommandError> {
    if !config.execution.enabled {
        return Ok(Performers::default());
    }
    Ok(Performers {
        webhook: webhook(config)?,
        workflow: workflow(repository, config, hub),
        entity: Some(entity(repository, config, workspace, forge)?),
        hand: config.author.email.clone(),
        signs: config.execution.signing_key.is_some(),
    })
}

/// Workflows are dispatched by the connection to GitHub that there is.
fn workflow(repository: &RepositoryConfig, config: &Config, hub: Option<&Hub>) -> Option<Arc<dyn Performer>> {
    let connection = hub?.connection().clone();
    let own = repository.github.as_ref().map(|github| github.name.clone());
    let allowed = config.execution.workflows.iter().cloned().chain(own).collect();
    Some(Arc::new(WorkflowPerformer::new(connection, allowed)))
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

/// Workflows of the very repository alone: the daemon may reach further than whoever writes actions in one repository should.
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
