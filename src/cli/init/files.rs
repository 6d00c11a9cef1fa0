//! What a new repository holds.

use std::fmt::Write as _;

use crate::cli::options::Mode;

use super::founder::Founder;

/// Marks a file that belongs to the top of the repository, wherever the catalog lies.
pub(super) const TOP: &str = ":top:/";

/// What may be there already, and is then left as it is.
pub(super) const MAY_BE_THERE: &[&str] = &["README.md"];

/// Every file with its text.
pub(super) fn files(founder: &Founder, identity: Mode, root: &str) -> Vec<(String, String)> {
    let email = founder.email.as_str();
    let mode = match identity {
        Mode::Signature => "signature",
        Mode::Forge => "forge",
        Mode::Declared => "declared",
    };
    let option = if root.is_empty() { String::new() } else { format!(" --root {root}") };
    let file = |path: &str, text: &str| {
        (path.to_owned(), text.replace("{email}", email).replace("{identity}", mode).replace("{root}", &option))
    };
    let name = crate::import::file_name(email);
    vec![
        file("catalog.yaml", CATALOG),
        (format!("users/{name}.yaml"), user(email, founder.name.as_deref(), founder.key.as_deref()) + account(identity)),
        file("teams/platform.yaml", TEAM),
        file("blueprints/Service.yaml", BLUEPRINT),
        file("permissions/Service.yaml", PERMISSIONS),
        file("entities/Service/hello.yaml", ENTITY),
        file("actions/.gitkeep", ""),
        file("runs/.gitkeep", ""),
        file("README.md", README),
        file(&format!("{TOP}.pre-commit-config.yaml"), PRE_COMMIT),
        file(&format!("{TOP}.github/workflows/portcullis.yml"), WORKFLOW),
    ]
}

/// A user's document.
pub(super) fn user(email: &str, name: Option<&str>, key: Option<&str>) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut out = format!("identifier: {email}\n");
    if let Some(name) = name {
        let _ = writeln!(out, "name: {}", quoted(name));
    }
    out.push_str("roles:\n  - Admin\n  - Member\n");
    match key {
        Some(key) if key.contains('\n') => {
            out.push_str("signingKeys:\n  - |\n");
            for line in key.lines() {
                let _ =
                    writeln!(out, "{}", if line.trim().is_empty() { String::new() } else { format!("    {}", line.trim_end()) });
            }
        }
        Some(key) => {
            let _ = writeln!(out, "signingKeys:\n  - {}", quoted(key));
        }
        None => {}
    }
    out
}

/// What is left for a person to write: nobody but GitHub knows which account is whose.
fn account(identity: Mode) -> &'static str {
    match identity {
        Mode::Forge => ACCOUNT,
        Mode::Signature | Mode::Declared => "",
    }
}

const ACCOUNT: &str = "\
# Under `identity: forge` the account on GitHub is who you are, by its number: `curl https://api.github.com/users/LOGIN`
# tells it as `id`. Without this line you are a stranger, and may change nothing.
# github: { login: LOGIN, id: NUMBER }
";

const CATALOG: &str = "\
# The repository's own policy. Only an Admin may change it, and what judges a change is always the policy that stands on the
# watched branch already.

# How it is known who made a commit:
#   signature   by an SSH or OpenPGP signature with a key that stands in users/
#   forge       by the word of the forge
#   declared    by the committer's email, which anyone can write
identity: {identity}

# How long a run may wait for its approval.
expiry: 14d

# Nobody approves what they asked for themselves.
selfApproval: false
";

const TEAM: &str = "\
identifier: platform
title: Platform
members:
  - {email}
";

const BLUEPRINT: &str = "\
identifier: Service
title: Service
icon: Microservice
description: A piece of software that a team runs
schema:
  properties:
    description:
      type: string
      title: Description
    lifecycle:
      type: string
      title: Lifecycle
      enum: [experimental, production, deprecated]
      enumColors:
        experimental: blue
        production: green
        deprecated: lightGray
      default: experimental
    repository:
      type: string
      title: Repository
      format: url
relations:
  dependsOn:
    title: Depends on
    target: Service
    required: false
    many: true
";

const PERMISSIONS: &str = "\
# Who may do what with services. Whatever is not written is for Admins and for those with the role Service-moderator.
blueprint: Service
entities:
  # Whoever is a Member may register a service, and set everything of one that is their team's.
  register:
    roles: [Admin, Service-moderator, Member]
  update:
    roles: [Admin, Service-moderator]
    ownedByTeam: true
";

const ENTITY: &str = "\
identifier: hello
title: Hello
team: platform
properties:
  description: The first service of this catalog; change it, or remove it
  lifecycle: experimental
relations: {}
";

const PRE_COMMIT: &str = "\
# Judges the working tree before every commit: `pre-commit install` sets it up (https://pre-commit.com).
repos:
  - repo: local
    hooks:
      - id: portcullis
        name: portcullis check
        entry: portcullis check{root}
        language: system
        always_run: true
        pass_filenames: false
";

const WORKFLOW: &str = r#"# Judges every pull request against the branch it is for, and marks what is wrong on the lines themselves.
#
# Nobody publishes an image of Portcullis yet: build one from its Dockerfile, push it to a registry of yours, and name it with its
# digest in the repository's variable PORTCULLIS_IMAGE (Settings, Secrets and variables, Actions, Variables).
#
# A pull request may change this file as well. What must not be got around belongs into the daemon, whose statuses no pull request
# can write, or needs a review of .github.
name: Portcullis
on:
  pull_request:

permissions:
  contents: read

jobs:
  check:
    name: check
    runs-on: ubuntu-latest
    timeout-minutes: 15
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
          persist-credentials: false
          ref: ${{ github.event.pull_request.head.sha }}
      - name: portcullis check
        env:
          BASE: origin/${{ github.base_ref }}
          IMAGE: ${{ vars.PORTCULLIS_IMAGE }}
        run: |
          : "${IMAGE:?set the variable PORTCULLIS_IMAGE to an image of Portcullis}"
          docker run --rm --network none --user "$(id -u):$(id -g)" --volume "$PWD:/catalog:ro" --workdir /catalog "$IMAGE" \
            check{root} --base "$BASE" --head HEAD --format github
"#;

const README: &str = "\
# The catalog

What we run, who owns it, and who may change what. Everything here is a document; every change is a commit, and Portcullis judges
it by what stands on `main`.

| directory | holds |
|---|---|
| `blueprints/` | types of things: a service, an environment |
| `entities/` | the things themselves, by blueprint |
| `permissions/` | who may do what with them |
| `actions/` | what people can ask for |
| `runs/` | what people ask for, each by a pull request |
| `users/`, `teams/` | who we are |
| `catalog.yaml` | the policy of this repository |

## Change something

1. Change the file on a branch.
2. `portcullis check{root}` says what is wrong, and who could do what you may not.
3. Commit, push, open a pull request.

`portcullis can you@example.com update Service/hello{root}` says whether somebody may.

## New here?

An Admin adds `users/<you>.yaml` with your email address and your roles, and names you in `members` of your team. Where `catalog.yaml`
says `identity: signature`, it needs the public key that you sign commits with; where it says `identity: forge`, your account:
`github: { login: …, id: … }`.

## Set up

- `pre-commit install` checks before each of your commits (https://pre-commit.com).
- `portcullis schema{root}` lets your editor complete and validate documents.
- `.github/workflows/portcullis.yml` checks pull requests on GitHub. It runs an image of Portcullis, of which none is published yet:
  build one from the `Dockerfile` of Portcullis with `docker build -t registry.example.com/portcullis .`, push it, and set the
  repository's variable `PORTCULLIS_IMAGE` to it, with its digest. Until then the workflow fails, and says why.
";
