//! Who performs the runs of a repository, as the configuration sets them up.

use std::sync::Arc;

use crate::config::{Config, RepositoryConfig};
use crate::execute::Performer;
use crate::execute::entity::{EntityOptions, EntityPerformer};
use crate::facts::Workspace;
use crate::forge::Forge;
use crate::git::SshSigner;
use crate::model::Timestamp;

use super::error::CommandError;

/// How long one fetch and one push may take.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(30);

/// Whoever commits entities: by the name and address of `author`, signed by the key of `signingKeyFile`.
pub(super) fn entities(
    repository: &RepositoryConfig,
    config: &Config,
    workspace: &Arc<Workspace>,
    forge: &Arc<dyn Forge>,
) -> Result<Arc<dyn Performer>, CommandError> {
    let signer = config.execution.signing_key.as_deref().map(SshSigner::read).transpose();
    let signer = signer
        .map_err(|error| CommandError::could_not_judge("cannot read the key that commits are to be signed by").because(&error))?;
    let link = repository.github.as_ref().map(|github| format!("{}/{}/commit/", github.git, github.name));
    let options = EntityOptions {
        path: repository.path.clone(),
        branch: repository.branch.clone(),
        root: repository.root.clone(),
        remote: repository.remote.as_ref().map(|remote| remote.secret().to_owned()),
        name: config.author.name.clone(),
        email: config.author.email.clone(),
        link,
        deadline: DEADLINE,
    };
    let workspace = workspace.clone();
    let catalog = move |commit| workspace.snapshot(commit).map(|snapshot| snapshot.catalog).map_err(|error| error.to_string());
    Ok(Arc::new(EntityPerformer::new(options, signer, forge.clone(), Box::new(catalog), Box::new(Timestamp::now))))
}
