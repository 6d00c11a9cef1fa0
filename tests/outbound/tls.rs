//! Over https, only who proves to have the name is told anything.

use std::sync::Arc;

use portcullis::outbound::{Answered, Outbound, OutboundError, OutboundPolicy};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;

use crate::sink::{Act, Names, Sink, post};

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// A server with a certificate of ours, for a name and between two years.
    fn server(&self, name: &str, years: (i32, i32)) -> TlsAcceptor {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into().unwrap())
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

async fn sink(acceptor: TlsAcceptor, acts: Vec<Act>) -> Sink {
    Sink::listening(acts, move |stream| {
        let acceptor = acceptor.clone();
        async move { acceptor.accept(stream).await.ok() }
    })
    .await
}

/// Sends to `receiver.example`, which is the sink, believing one authority besides the machine's own.
async fn send(sink: &Sink, authorities: String) -> Result<Answered, OutboundError> {
    let port = sink.address.port();
    let policy = OutboundPolicy {
        hosts: vec![format!("receiver.example:{port}")],
        private: vec!["127.0.0.1".to_owned()],
        authorities,
        ..OutboundPolicy::default()
    };
    let outbound = Outbound::new(policy, Names::leading_to(&[&["127.0.0.1"]])).unwrap();
    outbound.send(post(&format!("https://receiver.example:{port}/"))).await
}

/// Nobody was told anything.
async fn refused(sink: &Sink, authorities: String) {
    let error = send(sink, authorities).await.unwrap_err();
    assert!(matches!(error, OutboundError::Unreachable(_)), "{error:?}");
    sink.ended(1).await;
    assert!(sink.heard().is_empty());
}

#[tokio::test]
async fn who_has_the_name_by_an_authority_that_is_trusted_is_told() {
    let authority = Authority::new();
    let sink = sink(authority.server("receiver.example", (2000, 4000)), vec![Act::Hear, Act::say(ANSWER)]).await;
    assert_eq!(send(&sink, authority.pem()).await.unwrap().body, b"ok");
    assert_eq!(sink.heard().len(), 1);
}

#[tokio::test]
async fn who_proves_nothing_is_told_nothing() {
    let authority = Authority::new();
    let acts = || vec![Act::Hear, Act::say(ANSWER)];
    let unknown = sink(Authority::new().server("receiver.example", (2000, 4000)), acts()).await;
    refused(&unknown, authority.pem()).await;
    let without = sink(authority.server("receiver.example", (2000, 4000)), acts()).await;
    refused(&without, String::new()).await;
    let another = sink(authority.server("other.example", (2000, 4000)), acts()).await;
    refused(&another, authority.pem()).await;
    let address_alone = sink(authority.server("127.0.0.1", (2000, 4000)), acts()).await;
    refused(&address_alone, authority.pem()).await;
    let expired = sink(authority.server("receiver.example", (2000, 2001)), acts()).await;
    refused(&expired, authority.pem()).await;
    let not_yet = sink(authority.server("receiver.example", (3000, 4000)), acts()).await;
    refused(&not_yet, authority.pem()).await;
}

#[tokio::test]
async fn over_https_nothing_goes_out_in_clear() {
    let sink = Sink::playing(vec![Act::say(ANSWER), Act::Hear]).await;
    let error = send(&sink, Authority::new().pem()).await.unwrap_err();
    assert!(matches!(error, OutboundError::Unreachable(_)), "{error:?}");
    assert!(sink.heard().is_empty());
}

/// Without a length, only the end of TLS says that an answer is whole; somebody in between can cut the connection.
#[tokio::test]
async fn an_answer_that_is_cut_within_tls_is_broken() {
    let authority = Authority::new();
    let acceptor = authority.server("receiver.example", (2000, 4000));
    let sink = Sink::listening(Vec::new(), move |stream| {
        let acceptor = acceptor.clone();
        async move {
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            let mut stream = acceptor.accept(stream).await.ok()?;
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nhalf").await;
            let _ = stream.flush().await;
            let (mut raw, _) = stream.into_inner();
            let _ = raw.shutdown().await; // without the goodbye of TLS
            None::<tokio::net::TcpStream>
        }
    })
    .await;
    let error = send(&sink, authority.pem()).await.unwrap_err();
    assert!(matches!(error, OutboundError::Broken(_)), "{error:?}");
}
