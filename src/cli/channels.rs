//! The channels of the configuration, made ready to deliver.

use std::sync::Arc;

use crate::config::{ChannelConfig, Config, EmailConfig, Tls};
use crate::controller::outbox::Channels;
use crate::forge::github::Secret;
use crate::notify::{Channel, EmailChannel, EmailSettings, Form, PostChannel, Security};
use crate::outbound::{OutboundPolicy, Resolve, Signer, SystemResolver};

use super::CommandError;

/// Every channel by its name; connects to nothing.
///
/// # Errors
/// Which channel cannot be made, without a word of its secrets.
pub(super) fn channels(config: &Config) -> Result<Channels, CommandError> {
    let policy = OutboundPolicy { private: config.execution.private.clone(), ..OutboundPolicy::default() };
    let resolve: Arc<dyn Resolve> = Arc::new(SystemResolver);
    let mut out = Channels::new();
    for (name, channel) in &config.channels {
        let cannot = |error: &dyn std::error::Error| {
            CommandError::could_not_judge(format!("the channel `{name}` cannot be used")).because(error)
        };
        let post = |form: Form, url: &Secret| {
            PostChannel::new(form, url.clone(), &policy, resolve.clone()).map_err(|error| cannot(&error))
        };
        let made: Arc<dyn Channel> = match channel {
            ChannelConfig::Slack { url } => Arc::new(post(Form::Slack, url)?),
            ChannelConfig::Teams { url } => Arc::new(post(Form::Teams, url)?),
            ChannelConfig::Webhook { url, secret } => {
                let signer = Signer::parse(secret.reveal()).map_err(|error| cannot(&error))?;
                Arc::new(post(Form::Webhook(signer), url)?)
            }
            ChannelConfig::Email(email) => Arc::new(EmailChannel::new(&settings(email)).map_err(|error| cannot(&error))?),
        };
        out.insert(name.clone(), made);
    }
    Ok(out)
}

fn settings(email: &EmailConfig) -> EmailSettings {
    EmailSettings {
        host: email.host.clone(),
        port: email.port,
        from: email.from.clone(),
        security: match email.tls {
            Tls::Starttls => Security::Starttls,
            Tls::Implicit => Security::Implicit,
            Tls::None => Security::None,
        },
        login: email.username.clone().zip(email.password.clone()),
        authorities: String::new(),
    }
}
