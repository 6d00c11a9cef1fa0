//! Which addresses a name has.

use std::net::IpAddr;

use async_trait::async_trait;

/// Looks names up. A request asks once; the addresses it is told are the ones that are judged and connected to.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// Every address of a host's name.
    ///
    /// # Errors
    /// Why there is none, in words.
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, String>;
}

/// As this machine looks names up.
#[derive(Clone, Copy, Default, Debug)]
pub struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        let found = tokio::net::lookup_host((host, 0)).await.map_err(|error| error.to_string())?;
        Ok(found.map(|address| address.ip()).collect())
    }
}
