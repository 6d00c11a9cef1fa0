use std::process::Command;

use super::tests::{Said, load};
use super::*;
use crate::forge::MergeMethod;
use crate::forge::github::Credentials;

/// A directory with the private key of an App, its secrets, and a token.
struct Secrets(tempfile::TempDir);

const WEBHOOK: &str = "hush-this-is-a-long-secret";
const TOKEN: &str = "github_pat_canary0123456789";

impl Secrets {
    fn make() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let secrets = Self(dir);
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", &secrets.file("app.pem")])
            .status()
            .unwrap();
        assert!(made.success());
        secrets.write("hook", WEBHOOK);
        secrets.write("token", &format!("{TOKEN}\n"));
        secrets
    }

    fn file(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.file(name), text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(self.file(name), std::fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

fn flags(flags: &[(&'static str, &str)]) -> Result<Config, String> {
    load(&Said { flags, env: &[], file: None })
}

#[test]
fn a_repository_an_app_and_its_key_are_enough() {
    let secrets = Secrets::make();
    let config =
        flags(&[("github", "acme/catalog"), ("githubApp", "1234"), ("githubPrivateKeyFile", &secrets.file("app.pem"))]).unwrap();
    let github = config.github.unwrap();
    assert_eq!((github.api.as_str(), github.git.as_str()), ("https://api.github.com", "https://github.com"));
    assert!(matches!(github.credentials, Some(Credentials::App { id, .. }) if id == "1234"));
    assert!(github.webhook_secrets.is_empty());
    let [repository] = config.repositories.as_slice() else { panic!() };
    assert_eq!((repository.name.as_str(), repository.forge), ("catalog", ForgeKind::Github));
    assert_eq!(repository.key(), "https://github.com/acme/catalog#main");
    assert_eq!(repository.path, PathBuf::from("/home/alice/.local/state/portcullis/repositories/catalog.git"));
    assert_eq!(repository.answers, Answers::default());
}

#[test]
fn a_key_may_stand_in_a_variable_with_its_lines_in_one() {
    let secrets = Secrets::make();
    let key = secrets.read("app.pem").replace('\n', "\\n");
    let file = "githubApp: 1234\nrepositories: [{github: acme/catalog, merge: squash, comments: false, labels: true}]\n";
    let config = load(&Said { flags: &[], env: &[("PORTCULLIS_GITHUB_PRIVATE_KEY", &key)], file: Some(file) }).unwrap();
    let answers = &config.repositories[0].answers;
    assert_eq!((answers.merge, answers.comments, answers.labels), (Some(MergeMethod::Squash), false, true));
}

#[test]
fn no_secret_is_ever_shown() {
    let secrets = Secrets::make();
    let line = secrets.read("app.pem").lines().nth(3).unwrap().to_owned();
    let hook = secrets.file("hook");
    let app = flags(&[
        ("github", "acme/catalog"),
        ("githubApp", "1234"),
        ("githubPrivateKeyFile", &secrets.file("app.pem")),
        ("githubWebhookSecretFile", &hook),
    ])
    .unwrap();
    let token = flags(&[("github", "acme/catalog"), ("githubTokenFile", &secrets.file("token"))]).unwrap();
    secrets.write("broken.pem", &secrets.read("app.pem").replace("END RSA", "END"));
    secrets.write("broken", &format!("{TOKEN} {WEBHOOK}"));
    secrets.write("short", "canary");
    let wrong = flags(&[
        ("github", "acme/catalog"),
        ("githubUrl", "https://canary:canary@ghe.acme.dev/api/v3"),
        ("githubApp", "1234"),
        ("githubPrivateKeyFile", &secrets.file("broken.pem")),
        ("githubTokenFile", &secrets.file("broken")),
        ("githubWebhookSecretFile", &secrets.file("short")),
    ])
    .unwrap_err();
    for shown in [format!("{app:?}"), format!("{token:?}"), wrong] {
        assert!(!shown.contains(&line) && !shown.contains(WEBHOOK) && !shown.contains("canary"), "{shown}");
    }
}

#[test]
fn what_is_missing_is_said_in_one_go() {
    let error = load(&Said {
        flags: &[],
        env: &[],
        file: Some("githubApp: 1234\nwebhooks: true\nrepositories:\n  - github: acme\n  - {github: acme/x, remote: /srv/x.git}\n  - {path: /srv/a.git, merge: squash}\n"),
    })
    .unwrap_err();
    for expected in [
        "githubApp: the App's private key is missing",
        "webhooks: webhooks are signed: name the secret's file with `githubWebhookSecretFile`",
        "portcullis.yaml, repositories[0], `github`: `acme` is not a repository on GitHub",
        "portcullis.yaml, repositories[1]: `github` says where it is fetched from",
        "portcullis.yaml, repositories[2]: `merge` is about pull requests on GitHub",
    ] {
        assert!(error.contains(expected), "{expected}\nis not in\n{error}");
    }
}

#[test]
fn half_an_identity_and_two_are_refused() {
    let secrets = Secrets::make();
    let (key, token) = (secrets.file("app.pem"), secrets.file("token"));
    let said = |more: &[(&'static str, &str)]| flags(&[&[("github", "acme/catalog")], more].concat()).unwrap_err();
    assert!(said(&[]).contains("who is the daemon to GitHub?"));
    assert!(said(&[("githubPrivateKeyFile", &key)]).contains("whose key is this?"));
    let both = said(&[("githubApp", "1"), ("githubPrivateKeyFile", &key), ("githubTokenFile", &token)]);
    assert!(both.contains("either a GitHub App or a token, not both"), "{both}");
    assert!(said(&[("githubApp", "1"), ("githubPrivateKeyFile", &token)]).contains("this is no private key in PEM"));
    assert!(said(&[("githubApp", "1"), ("githubPrivateKeyFile", "/nonexistent")]).contains("`/nonexistent` cannot be read"));
    assert!(said(&[("githubApp", "an app"), ("githubPrivateKeyFile", &key)]).contains("is not the id of a GitHub App"));
    let twice = load(&Said {
        flags: &[("github", "acme/catalog"), ("githubTokenFile", &token)],
        env: &[("PORTCULLIS_GITHUB_TOKEN", TOKEN)],
        file: None,
    });
    assert!(twice.unwrap_err().contains("PORTCULLIS_GITHUB_TOKEN says it too"));
}

#[test]
fn a_key_of_another_kind_is_refused() {
    let secrets = Secrets::make();
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ecdsa", "-m", "PEM", "-N", "", "-f", &secrets.file("ec.pem")])
        .status()
        .unwrap();
    assert!(made.success());
    let error =
        flags(&[("github", "acme/catalog"), ("githubApp", "1"), ("githubPrivateKeyFile", &secrets.file("ec.pem"))]).unwrap_err();
    assert!(error.contains("this is no RSA key of 2,048 bits or more"), "{error}");
}

#[test]
fn webhook_secrets_are_long_and_may_be_two_while_one_is_changed() {
    let secrets = Secrets::make();
    let said = |hook: &str, more: &[(&'static str, &str)]| {
        let (token, hook) = (secrets.file("token"), secrets.file(hook));
        let all = [&[("github", "a/b"), ("githubTokenFile", token.as_str()), ("githubWebhookSecretFile", &hook)], more].concat();
        flags(&all)
    };
    secrets.write("two", &format!("{WEBHOOK}\n\nanother-long-enough-one\n"));
    secrets.write("short", "0123456789abcde");
    assert_eq!(said("hook", &[]).unwrap().github.unwrap().webhook_secrets.len(), 1);
    assert_eq!(said("two", &[]).unwrap().github.unwrap().webhook_secrets.len(), 2);
    assert!(said("short", &[]).unwrap_err().contains("shorter than 16 bytes"));
    assert!(said("hook", &[("webhooks", "false")]).unwrap().github.unwrap().webhook_secrets.is_empty());
    assert!(said("hook", &[("listen", "none")]).unwrap_err().contains("`listen` is `none`"));
}

#[test]
fn the_address_of_the_api_gives_that_of_git_and_is_never_in_the_clear() {
    let git = |text: &str| github::addresses(text).map(|(_, git)| git);
    assert_eq!(git("https://ghe.acme.dev/api/v3/").as_deref(), Ok("https://ghe.acme.dev"));
    assert_eq!(git("https://api.acme.ghe.com").as_deref(), Ok("https://acme.ghe.com"));
    assert_eq!(git("http://127.0.0.1:3000").as_deref(), Ok("http://127.0.0.1:3000"));
    assert_eq!(git("http://[::1]:3000/api/v3").as_deref(), Ok("http://[::1]:3000"));
    assert!(git("http://ghe.acme.dev/api/v3").unwrap_err().contains("must begin with `https://`"));
    assert!(git("http://127.0.0.1.evil.dev/api/v3").is_err());
    assert!(git("https://github.com").unwrap_err().contains("https://api.github.com"));
    assert!(git("https://ghe.acme.dev").unwrap_err().contains("write `https://ghe.acme.dev/api/v3`"));
    assert!(git("ghe.acme.dev").is_err() && git("").is_err());
}

#[test]
fn what_is_discovered_needs_an_app_and_no_list() {
    let secrets = Secrets::make();
    let key = secrets.file("app.pem");
    let app = [("githubApp", "1"), ("githubPrivateKeyFile", key.as_str()), ("githubDiscover", "true")];
    let config = flags(&[&app[..], &[("merge", "rebase")]].concat()).unwrap();
    assert!(config.repositories.is_empty());
    assert_eq!(config.github.unwrap().discover.unwrap().answers.merge, Some(MergeMethod::Rebase));
    let file = load(&Said { flags: &app, env: &[], file: Some("discovered: {labels: true}") }).unwrap();
    assert!(file.github.unwrap().discover.unwrap().answers.labels);
    let error = load(&Said { flags: &app, env: &[], file: Some("discovered: {branch: x}") }).unwrap_err();
    assert!(error.contains("`branch` cannot be the same for every repository that is found"), "{error}");
    let error = load(&Said { flags: &[], env: &[], file: Some("discovered: {labels: true}") }).unwrap_err();
    assert!(error.contains("nothing is discovered without `githubDiscover: true`"), "{error}");
    let token = flags(&[("githubTokenFile", &secrets.file("token")), ("githubDiscover", "true")]).unwrap_err();
    assert!(token.contains("discovering needs a GitHub App"), "{token}");
}

#[cfg(unix)]
#[test]
fn a_secret_that_everybody_can_read_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let secrets = Secrets::make();
    let token = secrets.file("token");
    let said = || flags(&[("github", "acme/catalog"), ("githubTokenFile", &token)]).unwrap().warnings;
    assert!(said().is_empty());
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(said()[0].contains("everybody on this machine can read it"));
}

#[test]
fn who_needs_no_secret_is_not_asked_for_one() {
    let flags = [("github", "acme/catalog"), ("githubTokenFile", "/nonexistent")];
    let flags = flags.into_iter().map(|(key, text)| (key, text.to_owned())).collect();
    let env = |name: &str| (name == "HOME").then(|| "/home/alice".to_owned());
    let config = Config::load(&Sources { flags, env: Some(&env), directory: None, secrets: false, store_alone: false }).unwrap();
    assert!(config.github.unwrap().credentials.is_none());
}

#[test]
fn one_repository_of_github_is_watched_once() {
    let secrets = Secrets::make();
    let file = format!(
        "githubTokenFile: {}\nrepositories:\n- {{github: acme/catalog, name: a}}\n- {{github: Acme/Catalog, name: b, branch: next, root: sub}}\n",
        secrets.file("token")
    );
    let said = load(&Said { flags: &[], env: &[], file: Some(&file) }).unwrap_err();
    assert!(said.contains("repositories[1]: `Acme/Catalog` is listed twice") && said.contains("overwrite"), "{said}");
}
