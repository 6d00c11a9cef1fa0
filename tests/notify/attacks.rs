//! What somebody tries by texts of a catalog, by the address of a channel, and by whoever receives.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use portcullis::forge::github::Secret;
use portcullis::model::Occasion;
use portcullis::notify::{Channel as _, DeliveryError, EmailChannel, EmailSettings, Form, PostChannel, Security};
use portcullis::outbound::{OutboundPolicy, Resolve, SystemResolver};

use crate::sink::{Does, Sink};
use crate::smtp::{Server, Smtp};
use crate::world::{letter, post, webhook};

/// Says of every name that it leads here.
struct Here(IpAddr);

#[async_trait]
impl Resolve for Here {
    async fn resolve(&self, _: &str) -> Result<Vec<IpAddr>, String> {
        Ok(vec![self.0])
    }
}

#[tokio::test]
async fn a_channel_follows_no_redirect() {
    let inside = Sink::that(&[]).await;
    let location: &'static str = Box::leak(format!("location: {}/\r\n", inside.url).into_boxed_str());
    for status in [301, 302, 307, 308] {
        let sink = Sink::that(&[Does::Answers(status, location)]).await;
        let result = webhook(&sink.url).deliver(&letter(Occasion::Waiting, &[])).await;
        assert!(matches!(&result, Err(DeliveryError::Standing { why }) if why.contains("redirect")), "{result:?}");
        assert_eq!(sink.received().len(), 1);
    }
    assert!(inside.received().is_empty());
}

#[tokio::test]
async fn a_channel_whose_name_leads_inside_is_refused_unless_that_is_allowed() {
    let policy = OutboundPolicy::default();
    for inside in ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1"] {
        let resolve = Arc::new(Here(inside.parse().unwrap()));
        let url = Secret::new("https://hooks.slack.example/services/T0/B0/canary");
        let channel = PostChannel::new(Form::Slack, url, &policy, resolve).unwrap();
        let result = channel.deliver(&letter(Occasion::Waiting, &[])).await;
        assert!(matches!(&result, Err(DeliveryError::Standing { why }) if why.contains(inside)), "{result:?}");
        assert!(!format!("{result:?}").contains("canary"));
    }
}

#[tokio::test]
async fn the_address_of_a_channel_is_in_no_error() {
    let sink = Sink::that(&[Does::Answers(404, ""), Does::Answers(500, ""), Does::Closes]).await;
    let channel = post(Form::Slack, &format!("{}/services/T0/B0/canary", sink.url));
    for _ in 0..3 {
        let refused = channel.deliver(&letter(Occasion::Waiting, &[])).await.unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("canary"), "{refused:?}");
    }
    assert!(sink.received()[0].line.contains("/services/T0/B0/canary"), "it was sent there");
    let gone = PostChannel::new(
        Form::Slack,
        Secret::new("http://127.0.0.1:1/canary"),
        &OutboundPolicy::default(),
        Arc::new(SystemResolver),
    );
    let refused = gone.unwrap().deliver(&letter(Occasion::Waiting, &[])).await.unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains("canary"), "{refused:?}");
}

#[tokio::test]
async fn a_title_adds_no_header_to_a_mail_and_nobody_to_its_envelope() {
    let server = Smtp::start(Server::default()).await;
    let channel = EmailChannel::new(&EmailSettings {
        host: "localhost".to_owned(),
        port: server.port,
        from: "portcullis@acme.dev".to_owned(),
        security: Security::None,
        login: None,
        authorities: String::new(),
    })
    .unwrap();
    let mut evil = letter(Occasion::Waiting, &["Carol"]);
    let text = "x\r\nBcc: everybody@acme.dev\r\n\r\n.\r\nMAIL FROM:<eve@evil.example>\r\n";
    evil.notice.title = Some(text.to_owned());
    evil.notice.repository = text.to_owned();
    evil.notice.why = text.to_owned();
    evil.notice.reason = Some(text.to_owned());
    evil.thread = text.to_owned();
    channel.deliver(&evil).await.unwrap();
    evil.to[0].email = Some("carol@acme.dev>\r\nRCPT TO:<eve@evil.example".to_owned());
    assert!(matches!(channel.deliver(&evil).await, Err(DeliveryError::Standing { .. })), "no address, so nobody");

    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, ["Carol@acme.dev"]);
    let names: Vec<_> = mails[0].headers.iter().map(|(name, _)| name.to_lowercase()).collect();
    assert!(!names.iter().any(|name| name == "bcc"), "{}", mails[0].raw);
}
