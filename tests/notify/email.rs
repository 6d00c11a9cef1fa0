//! Email, handed over to a real server.

use portcullis::forge::github::Secret;
use portcullis::model::Occasion;
use portcullis::notify::{Channel as _, DeliveryError, EmailChannel, EmailSettings, Security};
use portcullis::report::notice::email;

use crate::smtp::{Server, Smtp};
use crate::world::{letter, notice};

fn settings(server: &Smtp) -> EmailSettings {
    EmailSettings {
        host: "localhost".to_owned(),
        port: server.port,
        from: "Portcullis <portcullis@acme.dev>".to_owned(),
        security: if server.authority.is_empty() { Security::None } else { Security::Starttls },
        login: None,
        authorities: server.authority.clone(),
    }
}

#[tokio::test]
async fn each_person_has_a_mail_of_text_and_html_that_finds_its_conversation() {
    let server = Smtp::start(Server::default()).await;
    let channel = EmailChannel::new(&settings(&server)).unwrap();
    channel.deliver(&letter(Occasion::Waiting, &["Carol", "Dave"])).await.unwrap();
    channel.deliver(&letter(Occasion::Granted, &["Alice"])).await.unwrap();

    let mails = server.mails();
    let to: Vec<_> = mails.iter().map(|mail| mail.to.join(" ")).collect();
    assert_eq!(to, ["Carol@acme.dev", "Dave@acme.dev", "Alice@acme.dev"], "nobody sees who else has it");
    let said = email(&notice(Occasion::Waiting));
    let first = &mails[0];
    assert_eq!(first.header("subject"), said.subject);
    assert_eq!(first.header("from"), "Portcullis <portcullis@acme.dev>");
    assert_eq!(first.header("auto-submitted"), "auto-generated");
    let plain = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
    let parts: Vec<_> = first.parts.iter().map(|(kind, text)| (kind.as_str(), plain(text))).collect();
    assert_eq!(parts, [("text/plain", plain(&said.text)), ("text/html", plain(&said.html))]);

    // One id a letter, whoever has it; one conversation a run.
    assert_eq!(mails[0].header("message-id"), mails[1].header("message-id"));
    assert_ne!(mails[0].header("message-id"), mails[2].header("message-id"));
    assert!(mails[0].header("message-id").ends_with("@acme.dev>"));
    assert_eq!(mails[0].header("references"), mails[2].header("references"));
    assert_eq!(mails[0].header("in-reply-to"), mails[2].header("in-reply-to"));
    assert_eq!(mails[0].header("subject"), mails[2].header("subject"), "some readers go by the subject too");
}

#[tokio::test]
async fn nobody_has_a_mail_twice_because_somebody_else_has_it_later() {
    let server = Smtp::start(Server::default()).await;
    let channel = EmailChannel::new(&settings(&server)).unwrap();
    let letter = letter(Occasion::Waiting, &["Carol", "later-dave"]);
    let first = channel.deliver(&letter).await;
    assert!(matches!(&first, Err(DeliveryError::Passing { why, .. }) if why.contains("come again")), "{first:?}");
    channel.deliver(&letter).await.unwrap();
    let to: Vec<_> = server.mails().iter().map(|mail| mail.to.join(" ")).collect();
    assert_eq!(to, ["Carol@acme.dev", "later-dave@acme.dev"]);
}

#[tokio::test]
async fn an_address_that_is_refused_keeps_nobody_else_from_the_mail() {
    let server = Smtp::start(Server::default()).await;
    let channel = EmailChannel::new(&settings(&server)).unwrap();
    channel.deliver(&letter(Occasion::Failed, &["refused-bob", "Carol"])).await.unwrap();
    assert_eq!(server.mails().len(), 1);
    let all = channel.deliver(&letter(Occasion::Failed, &["refused-bob"])).await;
    assert!(matches!(&all, Err(DeliveryError::Standing { why }) if why.contains("nobody of this name")), "{all:?}");
    let nobody = channel.deliver(&letter(Occasion::Failed, &[])).await;
    assert!(matches!(&nobody, Err(DeliveryError::Standing { why }) if why.contains("address")), "{nobody:?}");
}

#[tokio::test]
async fn a_password_goes_over_tls_alone_and_into_no_error() {
    let server = Smtp::start(Server { starttls: true, login: true }).await;
    let login = |password: &str| Some(("daemon".to_owned(), Secret::new(password)));
    let right = EmailSettings { login: login("correct horse"), ..settings(&server) };
    EmailChannel::new(&right).unwrap().deliver(&letter(Occasion::Waiting, &["Carol"])).await.unwrap();
    assert_eq!(server.mails().len(), 1);

    let wrong = EmailSettings { login: login("a canary"), ..settings(&server) };
    let refused = EmailChannel::new(&wrong).unwrap().deliver(&letter(Occasion::Waiting, &["Carol"])).await.unwrap_err();
    assert!(!format!("{refused} {refused:?}").contains("canary"), "{refused:?}");

    let strange = EmailSettings { authorities: String::new(), ..right.clone() };
    let refused = EmailChannel::new(&strange).unwrap().deliver(&letter(Occasion::Waiting, &["Carol"])).await;
    assert!(refused.is_err(), "a server whose certificate nobody vouches for");
    assert_eq!(server.mails().len(), 1);

    // One that offers no TLS is told nothing, least of all the password.
    let plain = Smtp::start(Server { starttls: false, login: true }).await;
    let stripped = EmailSettings { port: plain.port, ..right };
    assert!(EmailChannel::new(&stripped).unwrap().deliver(&letter(Occasion::Waiting, &["Carol"])).await.is_err());
    assert!(plain.mails().is_empty());
}

#[tokio::test]
async fn a_server_that_is_not_there_may_be_later() {
    let server = Smtp::start(Server::default()).await;
    let gone = settings(&server);
    drop(server);
    let refused = EmailChannel::new(&gone).unwrap().deliver(&letter(Occasion::Waiting, &["Carol"])).await;
    assert!(matches!(refused, Err(DeliveryError::Passing { .. })), "{refused:?}");
}
