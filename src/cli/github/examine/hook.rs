//! Whether webhooks arrive, where they are wanted.

use crate::report::{Checkup, app_events};

use super::super::facts::{Facts, HookConfig, Identity};
use super::list;

pub(super) fn hook(facts: &Facts) -> Vec<Checkup> {
    if !facts.takes_webhooks {
        return vec![Checkup::well("webhook", "the daemon polls: no secret is configured, or webhooks are switched off")];
    }
    let Some(hook) = &facts.hook else {
        return vec![Checkup::doubtful(
            "webhook",
            "with a token, the webhook is one of the repository's or the organisation's, which cannot be seen from here",
            "its page at GitHub lists recent deliveries; each should be answered with 2xx",
        )];
    };
    let mut out = match &hook.config {
        Ok(Some(config)) => address(config, facts),
        Ok(None) => vec![Checkup::wrong(
            "webhook",
            "the App has no webhook, and the daemon waits for deliveries",
            "on the App's page, tick \"Active\" and give the address and the secret; or say `webhooks: false`",
        )],
        Err(error) => vec![Checkup::doubtful("webhook", error.to_string(), "ask again later")],
    };
    out.extend(events(facts));
    if let Ok(Some(deliveries)) = &hook.deliveries {
        let failed: Vec<_> = deliveries.iter().filter(|delivery| !(200..300).contains(&delivery.status_code)).collect();
        out.push(match failed.first() {
            None if deliveries.is_empty() => Checkup::well("deliveries", "nothing was delivered yet"),
            None => Checkup::well("deliveries", format!("the last {} deliveries were answered", deliveries.len())),
            Some(last) => {
                let said = format!(
                    "{} of the last {} deliveries failed; the latest, of `{}`, with {} ({})",
                    failed.len(),
                    deliveries.len(),
                    last.event,
                    last.status_code,
                    last.status
                );
                let mend = match last.status_code {
                    401 => "401 says that the secrets differ: the one on the App's page must stand in `githubWebhookSecretFile`",
                    404 | 405 => "something else answers there: the address must end with /webhooks/github, and lead to the daemon",
                    _ => "GitHub must reach the daemon from outside, by https with a certificate that is good; what is missed is found by polling",
                };
                // One that arrives again later does no harm, and old ones stay in the list.
                if failed.len() == deliveries.len() {
                    Checkup::wrong("deliveries", said, mend)
                } else {
                    Checkup::doubtful("deliveries", said, mend)
                }
            }
        });
    }
    out
}

fn address(config: &HookConfig, facts: &Facts) -> Vec<Checkup> {
    let mut out = Vec::new();
    let url = config.url.as_deref().unwrap_or_default();
    let wanted = facts.wishes.hook_url().filter(|_| facts.url_is_known);
    out.push(match wanted {
        Some(wanted) if wanted != url => Checkup::wrong(
            "webhook",
            format!("GitHub delivers to `{url}`"),
            format!("on the App's page, give the address `{wanted}`"),
        ),
        _ if !url.ends_with(crate::report::WEBHOOK_PATH) => Checkup::wrong(
            "webhook",
            format!("GitHub delivers to `{url}`, and the daemon listens at /webhooks/github"),
            "on the App's page, give the daemon's address with /webhooks/github at its end",
        ),
        _ => Checkup::well("webhook", format!("GitHub delivers to `{url}`")),
    });
    if config.content_type.as_deref() != Some("json") {
        out.push(Checkup::wrong("webhook", "deliveries come as a form", "on the App's page, choose `application/json`"));
    }
    if config.secret.as_deref().is_none_or(str::is_empty) {
        out.push(Checkup::wrong(
            "webhook",
            "deliveries are not signed, and the daemon refuses them",
            "on the App's page, give the secret that stands in `githubWebhookSecretFile`",
        ));
    }
    let insecure = match &config.insecure_ssl {
        serde_json::Value::String(text) => text != "0",
        serde_json::Value::Number(number) => number.as_u64() != Some(0),
        _ => false,
    };
    if insecure {
        out.push(Checkup::wrong(
            "webhook",
            "GitHub does not verify the daemon's certificate",
            "on the App's page, enable SSL verification",
        ));
    }
    out
}

fn events(facts: &Facts) -> Option<Checkup> {
    let Identity::App(Ok(app)) = &facts.identity else { return None };
    let missing: Vec<&str> =
        app_events(&facts.wishes).iter().map(|event| event.name).filter(|name| !app.events.iter().any(|e| e == name)).collect();
    Some(if missing.is_empty() {
        Checkup::well("events", "the App is told of everything that it should be")
    } else {
        Checkup::doubtful(
            "events",
            format!("the App is not told of {}", list(&missing)),
            "on the App's page, under \"Permissions & events\", subscribe to them; until then polling finds what they would tell",
        )
    })
}
