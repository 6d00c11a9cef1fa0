//! Connects to an address that was judged, and to no other; over https, with whoever proves to have the name.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::target::{Host, Target};
use super::{OutboundError, PolicyError, words};

/// Addresses of one name that are tried, one after the other.
const MOST_TRIED: usize = 4;

/// A connection, with TLS or without.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Who is believed about names.
pub(super) struct Authorities {
    connector: Option<TlsConnector>,
}

impl Authorities {
    /// The machine's own, and those of `pem`.
    pub(super) fn load(pem: &str) -> Result<Self, PolicyError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let mut added = 0;
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate = certificate.map_err(|error| PolicyError::Authorities(error.to_string()))?;
            roots.add(certificate).map_err(|error| PolicyError::Authorities(error.to_string()))?;
            added += 1;
        }
        if added == 0 && !pem.trim().is_empty() {
            return Err(PolicyError::Authorities("there is no certificate in PEM".to_owned()));
        }
        if roots.is_empty() {
            return Ok(Self { connector: None });
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| PolicyError::Authorities(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = Resumption::disabled(); // one connection a request, and none knows of another
        Ok(Self { connector: Some(TlsConnector::from(Arc::new(config))) })
    }

    /// Whether anybody is believed.
    pub(super) fn any(&self) -> bool {
        self.connector.is_some()
    }
}

/// A connection to one of the addresses, and which. Nothing of the request has been sent yet.
pub(super) async fn connect(
    target: &Target,
    addresses: &[IpAddr],
    within: Duration,
    authorities: &Authorities,
) -> Result<(Box<dyn Stream>, IpAddr), OutboundError> {
    let tried = addresses.len().clamp(1, MOST_TRIED);
    let share = within / u32::try_from(tried).unwrap_or(1);
    let mut why = String::new();
    for address in addresses.iter().take(MOST_TRIED) {
        match tokio::time::timeout(share, TcpStream::connect(SocketAddr::new(*address, target.port))).await {
            Ok(Ok(stream)) => {
                let _ = stream.set_nodelay(true); // slower without, and no less right
                return secured(stream, target, authorities).await.map(|stream| (stream, *address));
            }
            Ok(Err(error)) => why = error.to_string(),
            Err(_) => why = "nobody answers".to_owned(),
        }
    }
    Err(OutboundError::Unreachable(format!("no connection to {target}: {why}")))
}

async fn secured(stream: TcpStream, target: &Target, authorities: &Authorities) -> Result<Box<dyn Stream>, OutboundError> {
    if !target.secure {
        return Ok(Box::new(stream));
    }
    let unreachable = |why: String| OutboundError::Unreachable(format!("no secure connection to {target}: {why}"));
    let Some(connector) = &authorities.connector else {
        return Err(unreachable(PolicyError::NoAuthorities.to_string()));
    };
    let name = match &target.host {
        Host::Name(name) => ServerName::try_from(name.clone()).map_err(|error| unreachable(error.to_string()))?,
        Host::Address(address) => ServerName::IpAddress((*address).into()),
    };
    // What goes wrong here may repeat names of a stranger's certificate.
    let stream = connector.connect(name, stream).await.map_err(|error| unreachable(words::plain(&error.to_string(), 200)))?;
    Ok(Box::new(stream))
}
