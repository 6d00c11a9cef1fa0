//! Who moved the watched branch itself.

use crate::forge::{BranchDetails, ForgeError};
use crate::model::CommitId;

use super::super::asking::vanished;
use super::super::wire::{self, Branch};
use super::super::{Client, path};
use super::{pushes, vouching};

/// Its pushes, and for which of these commits on it GitHub vouches.
pub(crate) async fn branch(client: &Client, branch: &str, signed: &[CommitId]) -> Result<BranchDetails, ForgeError> {
    let stands: Branch = client
        .get(&format!("branches/{}", path::query(branch)))
        .await?
        .ok_or_else(|| ForgeError::permanent(format!("GitHub shows us no branch {branch} of {}", client.name())))?;
    let tip =
        stands.commit.and_then(|commit| wire::commit_id(commit.sha.as_ref())).ok_or_else(|| vanished("the watched branch"))?;
    let (pushes, verified) = tokio::try_join!(pushes::of_branch(client, branch, tip), vouching::vouched(client, tip, signed))?;
    Ok(BranchDetails { pushes: pushes.pushes, verified, pending: pushes.pending })
}
