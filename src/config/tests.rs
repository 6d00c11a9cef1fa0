use super::*;

pub(super) struct Said<'a> {
    pub(super) flags: &'a [(&'static str, &'a str)],
    pub(super) env: &'a [(&'a str, &'a str)],
    pub(super) file: Option<&'a str>,
}

pub(super) fn load(said: &Said<'_>) -> Result<Config, String> {
    let dir = tempfile::tempdir().unwrap();
    if let Some(text) = said.file {
        std::fs::write(dir.path().join(DEFAULT_FILE), text).unwrap();
    }
    let env = |name: &str| {
        let set = said.env.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        set.or_else(|| (name == "HOME").then(|| "/home/alice".to_owned()))
    };
    let flags = said.flags.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
    Config::load(&Sources { flags, env: Some(&env), directory: Some(dir.path()), secrets: true, store_alone: false })
        .map_err(|e| e.to_string())
}

pub(super) fn file(text: &str) -> Result<Config, String> {
    load(&Said { flags: &[], env: &[], file: Some(text) })
}

#[test]
fn a_repository_and_a_branch_are_enough() {
    let config = load(&Said { flags: &[("path", "/srv/catalog.git"), ("branch", "trunk")], env: &[], file: None }).unwrap();
    assert_eq!(config.store.file(), Some(Path::new("/home/alice/.local/state/portcullis/portcullis.db")));
    assert_eq!(config.listen.unwrap().to_string(), "127.0.0.1:8420");
    let [repository] = config.repositories.as_slice() else { panic!() };
    assert_eq!((repository.name.as_str(), repository.branch.as_str(), repository.root.as_str()), ("catalog", "trunk", ""));
    assert_eq!(repository.path, PathBuf::from("/srv/catalog.git"));
}

#[test]
fn flags_beat_the_environment_beats_the_file_beats_defaults() {
    let text = "pollInterval: 1m\nconcurrency: 3\njudgeDeadline: 3s\nrepositories: [{path: /srv/a.git}]\n";
    let config = load(&Said {
        flags: &[("pollInterval", "3m")],
        env: &[("PORTCULLIS_POLL_INTERVAL", "2m"), ("PORTCULLIS_CONCURRENCY", "5")],
        file: Some(text),
    })
    .unwrap();
    assert_eq!(config.poll_interval, Duration::from_secs(180));
    assert_eq!(config.concurrency, 5);
    assert_eq!(config.judge_deadline, Duration::from_secs(3));
    assert_eq!(config.fetch_deadline, Duration::from_secs(60));
    assert_eq!(config.repositories.len(), 1);
}

#[test]
fn a_repository_on_the_command_line_stands_alone() {
    let config =
        load(&Said { flags: &[("path", "/srv/b.git")], env: &[], file: Some("repositories: [{path: /srv/a.git}]") }).unwrap();
    assert_eq!(config.repositories.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["b"]);
    let lonely = load(&Said { flags: &[("branch", "x")], env: &[], file: Some("repositories: [{path: /srv/a.git}]") });
    assert!(lonely.unwrap_err().contains("--branch: `branch` describes the repository"));
}

#[test]
fn everything_wrong_is_said_at_once_with_its_place() {
    let error = file(
        "pollIntervall: 1m\nconcurrency: 0\nbranch: main\nlisten: localhost\nnonsense: 1\nrepositories:\n  - path: /a\n    brnch: x\n  - root: y\n",
    )
    .unwrap_err();
    for expected in [
        "portcullis.yaml:1: `pollIntervall` is not an option; did you mean `pollInterval`?",
        "portcullis.yaml, `concurrency`: `0` is not a number from 1 to 1024",
        "portcullis.yaml:3: `branch` belongs to an entry of `repositories`",
        "portcullis.yaml, `listen`: `localhost` is not an address to listen on",
        "portcullis.yaml:5: `nonsense` is not an option; docs/configuration.md lists them all",
        "portcullis.yaml:8: `brnch` is not an option; did you mean `branch`?",
        "portcullis.yaml, repositories[1]: give a `path`, a `remote`, or both; or `github`",
    ] {
        assert!(error.contains(expected), "{expected}\nis not in\n{error}");
    }
}

#[test]
fn a_key_given_twice_is_an_error_not_a_choice() {
    assert!(file("concurrency: 1\nconcurrency: 2\n").unwrap_err().contains("duplicate"));
}

#[test]
fn two_repositories_need_two_names() {
    let error = file("repositories: [{path: /srv/a/catalog.git}, {path: /srv/b/catalog.git}]").unwrap_err();
    assert!(error.contains("two repositories are called `catalog`"), "{error}");
    assert!(file("repositories: [{path: /srv/a/c.git, name: one}, {path: /srv/b/c.git, name: two}]").is_ok());
}

/// Two names would be two journals, and every run would be performed by each.
#[test]
fn one_branch_is_watched_once_whatever_it_is_called() {
    for twice in [
        "[{path: /srv/c.git, name: one}, {path: /srv/c.git, name: two}]",
        "[{path: /srv/c.git}, {path: /srv/c.git, name: two}]",
        "[{remote: 'https://a@git.example.com/c.git', name: one}, {remote: 'https://b:c@git.example.com/c.git', name: two}]",
    ] {
        let error = file(&format!("repositories: {twice}")).err().unwrap_or_default();
        assert!(error.contains("each would perform every run"), "{twice}: {error}");
    }
    for apart in [
        "[{path: /srv/c.git, name: one, root: a}, {path: /srv/c.git, name: two, root: b}]",
        "[{path: /srv/c.git, name: one, branch: a}, {path: /srv/c.git, name: two, branch: b}]",
    ] {
        assert!(file(&format!("repositories: {apart}")).is_ok(), "{apart}");
    }
}

#[test]
fn the_copy_of_a_remote_lives_beside_the_store() {
    let config =
        file("store: /var/lib/portcullis/p.db\nrepositories: [{remote: 'https://u:tok3n@git.example.com/acme/catalog.git'}]")
            .unwrap();
    assert_eq!(config.repositories[0].path, PathBuf::from("/var/lib/portcullis/repositories/catalog.git"));
    assert!(!format!("{config:?}").contains("tok3n"));
}

#[test]
fn a_wrong_remote_is_refused_without_repeating_its_secret() {
    let error = file("repositories: [{remote: '-https://u:tok3n@git.example.com/acme/catalog.git'}]").unwrap_err();
    assert!(!error.contains("tok3n"), "{error}");
}

#[test]
fn without_a_repository_it_says_how_to_name_one() {
    assert!(load(&Said { flags: &[], env: &[], file: None }).unwrap_err().contains("`--repo DIR` or `--github OWNER/NAME`"));
}

#[test]
fn a_named_file_must_exist() {
    let error = load(&Said { flags: &[("config", "/nonexistent/p.yaml")], env: &[], file: None }).unwrap_err();
    assert!(error.starts_with("--config: `/nonexistent/p.yaml` cannot be read"), "{error}");
}

#[test]
fn what_people_name_is_read_with_its_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("secret");
    std::fs::write(&secret, "0123456789abcdef0123456789abcdef\n").unwrap();
    let secret = secret.display();
    let text = format!(
        "repositories: [{{path: /srv/a.git}}]
executionHosts: [deploy.acme.example, '*.acme.example:8443']
executionPrivate: 10.1.0.0/16
webhookSigningSecretFile: {secret}
secrets:
  deploy: {{file: {secret}}}
  other: {{env: OTHER}}
channels:
  platform: {{type: slack, urlEnv: SLACK}}
  audit: {{type: webhook, url: 'https://audit.acme.example/in', secretFile: {secret}}}
  mail: {{type: email, smtp: mail.acme.example, from: 'Portcullis <p@acme.example>', username: p, passwordFile: {secret}}}
credentials:
  - {{clientId: deployer, clientSecretFile: {secret}, repositories: '*', actions: [deploy, restart]}}
"
    );
    let env = &[("OTHER", "hush"), ("SLACK", "https://hooks.slack.com/services/T/B/X")];
    let config = load(&Said { flags: &[("executionTimeout", "5s")], env, file: Some(&text) }).unwrap();
    let execution = &config.execution;
    assert!(execution.enabled && !execution.plain_http && execution.webhook_secret.is_some());
    assert_eq!(execution.hosts, ["deploy.acme.example", "*.acme.example:8443"]);
    assert_eq!((execution.timeout, execution.concurrency), (Duration::from_secs(5), 16));
    assert_eq!(execution.secrets.keys().collect::<Vec<_>>(), ["deploy", "other"]);
    assert_eq!(execution.secrets["other"].reveal(), "hush");
    assert!(matches!(&config.channels["mail"], ChannelConfig::Email(mail) if mail.port == 587 && mail.tls == Tls::Starttls));
    let [credential] = config.credentials.as_slice() else { panic!() };
    assert!(credential.repositories.hold("any") && credential.actions.hold("restart") && !credential.actions.hold("drop"));
    let shown = format!("{config:?}");
    assert!(!shown.contains("0123456789abcdef") && !shown.contains("hooks.slack.com") && !shown.contains("hush"), "{shown}");
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_repeated() {
    let error = file(
        "repositories: [{path: /srv/a.git}]
store: postgres://p:s3cret@db.acme.example/p
secrets: {deploy: s3cret, 'a b': {file: /nonexistent/s3cret-not}, c: {value: s3cret}, d: {env: UNSET}, e: {}}
channels:
  one: {type: slack, url: 'https://hooks.slack.com/s3cret'}
  two: {type: email, smtp: 'mail:99999', from: me, tls: none, username: u, password: s3cret}
  three: {type: pigeon}
  four: {type: webhook, url: 'http://s3cret.acme.example', secret: s3cret}
  five: {typ: slack}
credentials:
  - {clientId: a, clientSecret: s3cret, repositories: '*', actions: '*'}
  - {clientId: a, clientSecretEnv: HOME}
",
    )
    .unwrap_err();
    for expected in [
        "`store`: a password does not stand here: name its file with `storePasswordFile`, or set PORTCULLIS_STORE_PASSWORD",
        "secrets.deploy: a secret does not stand in this file: write `{ file: /etc/portcullis/NAME }` or `{ env: VARIABLE }`",
        "secrets.a b: the name of a secret is A-Z",
        "secrets.c, `value`: a secret does not stand in this file: name a file of its own with `file`, or a variable with `env`",
        "secrets.d, `env`: the variable UNSET is not set",
        "secrets.e: name its file with `file`, or a variable with `env`",
        "channels.one, `url`: the address of a slack channel is a secret: name its file with `urlFile`",
        "channels.two, `password`: a secret does not stand in this file: name a file of its own with `passwordFile`, or a variable with `passwordEnv`",
        "channels.three, `type`: `pigeon` is not a kind of channel",
        "channels.four, `secret`: a secret does not stand in this file",
        "channels.five: `typ` is not a key here; did you mean `type`?",
        "credentials[0], `clientSecret`: a secret does not stand in this file",
        "credentials[1]: say which repositories it may report about",
        "credentials[1], `clientSecretEnv`: a secret that is shorter than 16 bytes can be guessed",
    ] {
        assert!(error.contains(expected), "{expected}\nis not in\n{error}");
    }
    assert!(!error.replace("s3cret-not", "").contains("s3cret"), "{error}");
}

#[test]
fn a_store_that_several_share_keeps_copies_where_state_is_kept() {
    let said = &[("PORTCULLIS_STORE", "postgres://p@db.acme.example/p"), ("PORTCULLIS_STORE_PASSWORD", "s3cret")];
    let text = "repositories: [{remote: 'https://git.example.com/acme/catalog.git'}]";
    let config = load(&Said { flags: &[], env: said, file: Some(text) }).unwrap();
    assert_eq!(config.store.to_string(), "postgres://p@db.acme.example:5432/p");
    assert!(!format!("{config:?}").contains("s3cret"));
    assert_eq!(config.repositories[0].path, PathBuf::from("/home/alice/.local/state/portcullis/repositories/catalog.git"));
}
