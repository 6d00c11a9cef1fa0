//! Who asks: JWTs of Apps are verified in earnest, tokens expire, are revoked, and are not known everywhere at once.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::Value;

use super::answer::Answer;
use super::state::{Bearer, Kind, Level, Role, State, Token};

/// The private key of every App of the fake, in PEM.
pub const APP_KEY: &str = include_str!("app-key.pem");

/// Who has sent a request.
#[derive(Clone, Debug)]
pub enum Caller {
    App(u64),
    Installation { id: u64, token: String },
    User { id: u64, token: String },
}

fn bad_credentials() -> Answer {
    Answer::refused(401, "Bad credentials")
}

impl State {
    /// Who that is, by the value of the `Authorization` header.
    pub fn authenticate(&mut self, header: Option<&str>) -> Result<Caller, Answer> {
        let header = header.ok_or_else(|| Answer::refused(401, "Requires authentication"))?;
        let (scheme, token) = header.split_once(' ').ok_or_else(bad_credentials)?;
        if !scheme.eq_ignore_ascii_case("bearer") && !scheme.eq_ignore_ascii_case("token") {
            return Err(bad_credentials());
        }
        if token.split('.').count() == 3 { self.verify_jwt(token).map(Caller::App) } else { self.bearer(token) }
    }

    /// Who bears a token that is valid now.
    fn bearer(&mut self, token: &str) -> Result<Caller, Answer> {
        let now = self.now();
        let known = self.tokens.get_mut(token).ok_or_else(bad_credentials)?;
        if known.expires_at.is_some_and(|end| end <= now) {
            return Err(bad_credentials());
        }
        if known.unheard_of > 0 {
            known.unheard_of -= 1;
            return Err(bad_credentials());
        }
        let token = token.to_owned();
        match known.of {
            Bearer::User(id) if self.accounts[&id].gone => Err(bad_credentials()),
            Bearer::User(id) => Ok(Caller::User { id, token }),
            Bearer::Installation(id) => match self.installations.get(&id) {
                Some(installation) if installation.suspended => Err(Answer::refused(403, "This installation has been suspended")),
                Some(_) => Ok(Caller::Installation { id, token }),
                None => Err(bad_credentials()),
            },
        }
    }

    /// The App that a JWT was made by, in GitHub's own words where it is not good.
    fn verify_jwt(&self, jwt: &str) -> Result<u64, Answer> {
        let undecodable = || Answer::refused(401, "A JSON web token could not be decoded");
        let parts: Vec<&str> = jwt.split('.').collect();
        let json = |part: &str| -> Option<Value> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
        let (head, claims) = (json(parts[0]).ok_or_else(undecodable)?, json(parts[1]).ok_or_else(undecodable)?);
        let signature = URL_SAFE_NO_PAD.decode(parts[2]).map_err(|_| undecodable())?;
        if head["alg"] != "RS256" {
            return Err(undecodable());
        }
        let signed = format!("{}.{}", parts[0], parts[1]);
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key());
        key.verify(signed.as_bytes(), &signature).map_err(|_| undecodable())?;
        let issuer = match &claims["iss"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let app = self.apps.values().find(|app| app.id.to_string() == issuer || app.client_id() == issuer);
        let app = app.ok_or_else(|| Answer::refused(401, "Integration not found"))?;
        let now = (self.now() + self.skew).as_second();
        let time = |name: &str| claims[name].as_i64().ok_or_else(|| Answer::refused(401, "Missing claim in the JSON web token"));
        let (issued, expires) = (time("iat")?, time("exp")?);
        if issued > now {
            let why = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
            return Err(Answer::refused(401, why));
        }
        if expires <= now {
            let why = "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires";
            return Err(Answer::refused(401, why));
        }
        if expires > now + 600 {
            return Err(Answer::refused(401, "'Expiration time' claim ('exp') is too far in the future"));
        }
        Ok(app.id)
    }

    /// What a caller may, by the permissions of the token alone.
    fn granted(&self, caller: &Caller, permission: &str) -> Option<Level> {
        let token = match caller {
            Caller::App(_) => return None,
            Caller::Installation { token, .. } | Caller::User { token, .. } => &self.tokens[token],
        };
        match &token.permissions {
            None => Some(Level::Write),
            Some(_) if permission == "metadata" => Some(Level::Read),
            Some(permissions) => permissions.get(permission).copied(),
        }
    }

    /// Refuses whoever may not do that: one of these permissions is enough, in a repository.
    pub fn demand(&self, caller: &Caller, repository: u64, any: &[&str], level: Level) -> Result<(), Answer> {
        let (token, who) = match caller {
            Caller::App(_) => return Err(Answer::refused(401, "A JSON web token could not be decoded")),
            Caller::Installation { token, .. } => (&self.tokens[token], "integration"),
            Caller::User { id, token } => {
                let (least, role) = (if level == Level::Write { Role::Write } else { Role::Read }, self.role(repository, *id));
                // Whoever can read may comment; everything else that writes needs the right to push.
                let enough = role >= least || (role >= Role::Read && any.contains(&"issues"));
                if !enough {
                    return Err(if role == Role::None {
                        Answer::not_found()
                    } else {
                        Answer::refused(403, "Must have push access to repository")
                    });
                }
                (&self.tokens[token], "personal access token")
            }
        };
        let installed = match caller {
            Caller::Installation { id, .. } => self.installations.get(id).map(|it| &it.repositories),
            _ => None,
        };
        if token.repositories.as_ref().or(installed).is_some_and(|all| !all.contains(&repository)) {
            let public = !self.repositories[&repository].private && level == Level::Read;
            return if public { Ok(()) } else { Err(Answer::not_found()) };
        }
        if any.iter().any(|permission| self.granted(caller, permission).is_some_and(|granted| granted >= level)) {
            return Ok(());
        }
        Err(Answer::refused(403, &format!("Resource not accessible by {who}")))
    }

    /// The account whose name stands on what the caller writes, and the App through which.
    pub fn author(&self, caller: &Caller) -> (u64, Option<u64>) {
        match caller {
            Caller::App(app) => (self.apps[app].bot, Some(*app)),
            Caller::Installation { id, .. } => {
                let app = self.installations[id].app;
                (self.apps[&app].bot, Some(app))
            }
            Caller::User { id, .. } => (*id, None),
        }
    }

    /// For the journal, for quotas, and for ETags.
    pub fn called(&self, caller: Option<&Caller>) -> String {
        match caller {
            None => "nobody".into(),
            Some(Caller::App(id)) => format!("app:{}", self.apps[id].slug),
            Some(Caller::Installation { id, .. }) => format!("installation:{id}"),
            Some(Caller::User { id, .. }) => format!("token:{}", self.accounts[id].login),
        }
    }

    /// Whether git may read a repository, or write it, with this `Authorization`; who it is.
    pub fn git_access(&mut self, header: Option<&str>, repository: u64, write: bool) -> Option<u64> {
        let basic = header?.strip_prefix("Basic ")?;
        let pair = String::from_utf8(STANDARD.decode(basic).ok()?).ok()?;
        let (_, token) = pair.split_once(':')?;
        let caller = self.bearer(token).ok()?;
        let level = if write { Level::Write } else { Level::Read };
        self.demand(&caller, repository, &["contents"], level).ok()?;
        Some(self.author(&caller).0)
    }

    /// A token for an installation, for an hour.
    pub fn mint(
        &mut self,
        installation: u64,
        permissions: BTreeMap<String, Level>,
        repositories: Option<Vec<u64>>,
    ) -> (String, Token) {
        let id = self.next_id();
        let token = Token {
            of: Bearer::Installation(installation),
            permissions: Some(permissions),
            repositories: repositories.map(|all| all.into_iter().collect()),
            expires_at: Some(self.now() + jiff::SignedDuration::from_hours(1)),
            unheard_of: self.late_tokens,
        };
        let text = format!("ghs_{id:036}");
        self.tokens.insert(text.clone(), token.clone());
        (text, token)
    }

    /// The account of an App's bot.
    pub fn bot(&mut self, slug: &str) -> u64 {
        self.account(&format!("{slug}[bot]"), Kind::Bot)
    }
}

/// What the JWTs of Apps are verified with.
fn public_key() -> Vec<u8> {
    let base64: String = APP_KEY.lines().filter(|line| !line.starts_with("-----")).collect();
    let pair = ring::rsa::KeyPair::from_der(&STANDARD.decode(base64).unwrap()).unwrap();
    pair.public().as_ref().to_vec()
}
