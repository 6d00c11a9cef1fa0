//! Every rule, with a text that breaks it and the place where the finding points.

use std::collections::BTreeSet;

use super::parse;
use crate::catalog::rules;

const ED25519: &str = include_str!("keys/ed25519.pub");

/// Rule, path, what breaks it, line and column.
fn cases() -> Vec<(&'static str, &'static str, Vec<u8>, &'static str)> {
    let mut all: Vec<(&str, &str, Vec<u8>, &str)> = Vec::new();
    let mut case = |rule, path, source: &str, at| all.push((rule, path, source.as_bytes().to_vec(), at));
    let entity = "entities/Env/prod.yaml";
    let json = "entities/Env/prod.json";

    case("document/lfs-pointer", entity, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "1:1");
    case("document/byte-order-mark", entity, "\u{FEFF}identifier: prod\n", "1:1");
    case("document/byte-order-mark", entity, "identifier: prod\ntitle: a\u{FEFF}b\n", "2:9");
    case("document/line-break", entity, "identifier: prod\rtitle: x\n", "1:17");
    case("document/line-break", entity, "identifier: prod\ntitle: a\u{85}b\n", "2:9");
    case("document/line-break", entity, "identifier: prod\ntitle: a\u{2028}b\n", "2:9");
    case("document/line-break", entity, "identifier: prod # \u{2029}title: x\n", "1:20");
    case("document/control-character", entity, "identifier: prod\ntitle: a\u{0}b\n", "2:9");
    case("document/control-character", entity, "identifier: prod\ntitle: a\u{1b}[31m\n", "2:9");
    case("document/control-character", json, "{\"identifier\": \"a\u{7f}\"}", "1:18");
    case("document/typographic-quote", entity, "identifier: “prod”\n", "1:13");
    case("document/typographic-quote", entity, "{ “identifier”: “prod” }\n", "1:3");
    case("document/typographic-quote", entity, "identifier: ‘prod’\n", "1:13");
    case("document/typographic-quote", json, "{\n  “identifier”: “prod”\n}\n", "2:3");
    case("document/duplicate-key", entity, "identifier: prod\nidentifier: prod\n", "2:1");
    case("document/duplicate-key", entity, "identifier: prod\n\"identifier\": prod\n", "2:1");
    case("document/duplicate-key", entity, "identifier: prod\n'identifier': prod\n", "2:1");
    case("document/duplicate-key", entity, "identifier: prod\nproperties: {a: 1, \"\\x61\": 2}\n", "2:20");
    case("document/duplicate-key", entity, "identifier: prod\nproperties: {1: a, \"1\": b}\n", "2:20");
    case("document/duplicate-key", entity, "identifier: prod\nproperties: {~: a, '~': b}\n", "2:20");
    case("document/duplicate-key", json, "{\"identifier\": \"prod\", \"\\u0069dentifier\": \"x\"}", "1:24");
    case("document/integer-range", entity, "identifier: prod\nproperties: {n: 18446744073709551616}\n", "2:17");
    case("document/integer-range", entity, "identifier: prod\nproperties: {n: -9223372036854775809}\n", "2:17");
    case("document/integer-range", entity, "identifier: prod\nproperties: {n: 0x1FFFFFFFFFFFFFFFF}\n", "2:17");
    case("document/integer-range", json, "{\"identifier\": \"prod\", \"properties\": {\"n\": 18446744073709551616}}", "1:44");
    for spelling in [".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "-.inf", "-.INF", "1e999"] {
        case("document/not-finite", entity, &format!("identifier: prod\nproperties:\n  n: {spelling}\n"), "3:6");
    }
    case("document/not-finite", json, "{\"identifier\": \"prod\", \"properties\": {\"n\": 1e999}}", "1:44");
    case("document/empty", entity, "", "1:1");
    case("document/empty", entity, "# nothing here\n", "1:1");
    case("document/empty", entity, "---\n", "1:1");
    case("document/empty", entity, "null\n", "1:1");
    case("document/empty", entity, "{}\n", "1:1");
    case("document/empty", entity, "[]\n", "1:1");
    case("document/empty", json, " \n", "1:1");
    case("document/one", "teams/a.yaml", "- identifier: platform\n- identifier: security\n", "1:3");
    case("document/unknown-key", entity, "identifier: prod\ntitel: x\n", "2:1");
    case("document/unknown-key", entity, "identifier: prod\ncreatedAt: 2026-01-01\n", "2:1");
    case("document/missing-key", entity, "title: x\n", "1:1");
    case("document/missing-key", entity, "identifier: ~\n", "1:13");
    case("document/wrong-type", entity, "identifier: prod\ntitle: 12\n", "2:8");
    case("document/wrong-type", entity, "identifier: prod\nproperties: [a]\n", "2:13");
    case("document/wrong-type", entity, "identifier: prod\nrelations: {system: {combinator: and}}\n", "2:21");
    case("document/wrong-type", "users/a.yaml", "identifier: a@b.c\nbot: yes\n", "2:6");
    case("document/unknown-value", "catalog.yaml", "identity: signatures\n", "1:11");
    case("document/out-of-range", "catalog.yaml", "limits: { depth: 1000 }\n", "1:18");
    let property = |definition: &str| format!("identifier: T\nschema:\n  properties:\n    p: {definition}\n");
    case("document/checks-nothing", "blueprints/T.yaml", &property("{ type: array, format: user }"), "4:31");
    case("document/bounds", "blueprints/T.yaml", &property("{ type: number, minimum: 2, maximum: 1 }"), "4:33");
    case("document/icon", "blueprints/T.yaml", &property("{ type: number, icon: 'a b' }"), "4:30");
    case("document/color", "blueprints/T.yaml", &property("{ type: string, enum: [a], enumColors: { a: bleu } }"), "4:52");
    case("yaml/last-line", entity, "identifier: prod\ntitle: |2\n  a\n   \n", "3:3");
    case("yaml/tab", entity, "\tidentifier: prod\n", "1:1");
    case("yaml/key", entity, "identifier: prod\nproperties: { 0x10: a }\n", "2:15");
    case("document/missing-blueprint", "entities/prod.yaml", "identifier: prod\ntitle: x\n", "1:1");
    case("document/missing-blueprint", "entities/not a name/prod.yaml", "identifier: prod\ntitle: x\n", "1:1");
    case("document/unknown-role", "permissions/Env.yaml", "entities: { register: { roles: [Admin, Env-moderators] } }\n", "1:40");
    case("document/unknown-role", "users/a.yaml", "identifier: a@b.c\nroles: [admin]\n", "2:9");
    case("document/duration", "catalog.yaml", "expiry: 14 days\n", "1:9");
    case("document/duration", "catalog.yaml", "expiry: 0d\n", "1:9");
    case("document/duration", "catalog.yaml", "expiry: 99999999999999999999w\n", "1:9");

    case("identifier/empty", entity, "identifier: ''\n", "1:13");
    case("identifier/too-long", entity, &format!("identifier: {}\n", "x".repeat(101)), "1:13");
    case("identifier/dots", entity, "identifier: ..\n", "1:13");
    case("identifier/invisible", entity, "identifier: pr\u{200b}od\n", "1:13");
    case("identifier/invisible", entity, "identifier: \"prod\\u202E\"\n", "1:13");
    case("identifier/not-normal", entity, "identifier: cafe\u{301}\n", "1:13");
    case("identifier/character", entity, "identifier: my env\n", "1:13");
    case("identifier/character", entity, "identifier: prod\nteam: [plätform]\n", "2:8");
    case("identifier/character", "runs/my run.yaml", "action: a\nreason: b\n", "1:1");

    case("yaml/anchor", entity, "identifier: &id prod\n", "1:13");
    case("yaml/anchor", entity, "&root\nidentifier: prod\n", "1:1");
    case("yaml/alias", entity, "identifier: &id prod\ntitle: *id\n", "2:8");
    case("yaml/alias", entity, "identifier: prod\ntitle: *nobody\n", "2:8");
    case("yaml/merge-key", entity, "identifier: prod\n<<: {title: x}\n", "2:1");
    case("yaml/tag", entity, "identifier: !!str prod\n", "1:13");
    case("yaml/tag", entity, "identifier: prod\nproperties: !custom {a: 1}\n", "2:13");
    case("yaml/tag", entity, "identifier: prod\ntitle: ! x\n", "2:8");
    case("yaml/tag", entity, "identifier: prod\ntitle: !e!x y\n", "2:8");
    case("yaml/directive", entity, "%YAML 1.1\n---\nidentifier: prod\n", "1:1");
    case("yaml/directive", entity, "# so\n%TAG ! tag:example.com,2026:\n---\nidentifier: prod\n", "2:1");
    case("yaml/directive", entity, "%NONSENSE here\n---\nidentifier: prod\n", "1:1");
    case("yaml/several-documents", entity, "identifier: prod\n---\nidentifier: staging\n", "2:1");
    case("yaml/several-documents", entity, "---\nidentifier: prod\n...\n---\nidentifier: staging\n", "4:1");
    case("yaml/key", entity, "identifier: prod\nproperties:\n  ? [a, b]\n  : 1\n", "3:5");
    case("yaml/key", entity, "identifier: prod\ntitle: {{ name }}\n", "2:9");
    case("yaml/key", entity, "identifier: prod\nproperties:\n  : 1\n", "3:3");
    case("yaml/tab", entity, "identifier: prod\nproperties:\n\ta: 1\n", "3:1");
    case("yaml/directive", entity, "%YAML 1.2\nidentifier: prod\n", "1:1");
    case("yaml/syntax", entity, "{identifier: prod}\ntitle: b\n", "2:1");
    case("yaml/syntax", entity, "identifier: prod\ntitle: a: b\n", "2:9");
    case("yaml/syntax", entity, "identifier: prod\ntitle: @x\n", "2:8");
    case("yaml/syntax", entity, "identifier: prod\nproperties: {a: 1\n", "3:1");

    case("json/syntax", json, "{\"identifier\": \"prod\"", "1:22");
    case("json/syntax", json, "{\"identifier\": \"prod\n\"}", "1:16");
    case("json/syntax", json, "{\"identifier\" \"prod\"}", "1:15");
    case("json/syntax", json, "{\"identifier\": \"prod\"} {}", "1:24");
    case("json/syntax", json, "{\"identifier\": [\"prod\"}", "1:23");
    case("json/comma", json, "{\n  \"identifier\": \"prod\",\n}\n", "2:23");
    case("json/comma", json, "{\"identifier\": \"prod\" \"title\": \"x\"}", "1:23");
    case("json/comma", json, "{\"identifier\": \"prod\",, \"title\": \"x\"}", "1:23");
    case("json/comment", json, "{\n  // so\n  \"identifier\": \"prod\"\n}\n", "2:3");
    case("json/comment", json, "{\"identifier\": /* so */ \"prod\"}", "1:16");
    case("json/quote", json, "{'identifier': \"prod\"}", "1:2");
    case("json/quote", json, "{identifier: \"prod\"}", "1:2");
    case("json/quote", json, "{\"identifier\": prod}", "1:16");
    case("json/escape", json, "{\"identifier\": \"prod\", \"title\": \"C:\\Windows\"}", "1:36");
    case("json/escape", json, "{\"identifier\": \"prod\", \"title\": \"\\ud83d\"}", "1:34");
    case("json/escape", json, "{\"identifier\": \"prod\", \"title\": \"a\tb\"}", "1:35");
    case("json/number", json, "{\"identifier\": \"prod\", \"properties\": {\"n\": 007}}", "1:44");

    let blueprint = "blueprints/Env.yaml";
    let head = "identifier: Env\n";
    let mut blue = |rule, body: &str, at| case(rule, blueprint, &format!("{head}{body}"), at);
    blue("blueprint/required-many", "relations:\n  a: { target: B, required: true, many: true }\n", "3:41");
    blue("blueprint/member-name", "schema: { properties: { a.b: { type: string } } }\n", "2:25");
    blue(
        "blueprint/name-taken",
        "schema: { properties: { a: { type: string } } }\nmirrorProperties: { a: { path: b.c } }\n",
        "3:21",
    );
    blue("blueprint/name-taken", "mirrorProperties: { a: { path: b.c } }\nformulaProperties: { a: { formula: x } }\n", "3:22");
    blue("blueprint/path", "teamInheritance: { path: a..b }\n", "2:26");
    blue("blueprint/path", "mirrorProperties: { a: { path: title } }\n", "2:32");
    blue("blueprint/meta-property", "mirrorProperties: { a: { path: b.$nope } }\n", "2:32");
    blue("blueprint/formula", "formulaProperties: { a: { formula: 'x{{y' } }\n", "2:36");
    blue(
        "blueprint/aggregation",
        "aggregationProperties: { a: { target: B, calculationSpec: { calculationBy: entities, func: sum } } }\n",
        "2:92",
    );
    blue("blueprint/two-ownerships", "teamInheritance: { path: a }\nownership: { type: Direct }\n", "3:1");
    blue("blueprint/unsupported", "changelogDestination: { type: KAFKA }\n", "2:1");
    blue(
        "document/remote-ref",
        "schema: { properties: { a: { type: string, $ref: \"https://example.com/a.json\" } } }\n",
        "2:50",
    );
    blue("document/remote-ref", "schema: { properties: { a: { type: array, items: { $ref: file:///etc/passwd } } } }\n", "2:58");
    blue("document/enum", "schema: { properties: { a: { type: string, enum: [x, y, x] } } }\n", "2:57");
    blue("document/enum", "schema: { properties: { a: { type: string, enum: [] } } }\n", "2:50");
    blue("document/enum", "schema: { properties: { a: { type: string, enum: [x], enumColors: { z: red } } } }\n", "2:69");
    blue("document/required-property", "schema: { properties: { size: { type: string } }, required: [sise] }\n", "2:62");
    blue("document/unknown-key", "schema: { properties: { a: { type: string, maxLenght: 3 } } }\n", "2:44");
    blue("document/unknown-key", "schema: { properties: { a: { type: string, $id: x } } }\n", "2:44");
    blue("document/missing-key", "schema: { properties: { a: { title: x } } }\n", "2:28");
    blue("document/unknown-value", "schema: { properties: { a: { type: text } } }\n", "2:36");
    blue("document/unknown-value", "schema: { properties: { a: { type: string, format: uri-template } } }\n", "2:52");
    blue("document/out-of-range", "schema: { properties: { a: { type: string, maxLength: -1 } } }\n", "2:55");
    blue("document/out-of-range", "schema: { properties: { a: { type: number, multipleOf: 0 } } }\n", "2:56");

    let action = "actions/a.yaml";
    let good = "identifier: a\ntrigger: { type: self-service, operation: CREATE, blueprintIdentifier: Env }\n";
    let hook = "invocationMethod: { type: WEBHOOK, url: https://x.example }\n";
    case("action/missing-blueprint", action, &format!("identifier: a\ntrigger: {{ operation: CREATE }}\n{hook}"), "2:10");
    case("action/missing-blueprint", action, &format!("identifier: a\ntrigger: CREATE\n{hook}"), "2:10");
    case("action/two-blueprints", action, &format!("{good}{hook}blueprint: Other\n"), "4:12");
    case(
        "action/automation",
        action,
        &format!("identifier: a\ntrigger: {{ type: automation, event: {{ type: ENTITY_CREATED }} }}\n{hook}"),
        "2:18",
    );
    case("action/required-approval", action, &format!("{good}{hook}requiredApproval: ANY\n"), "4:19");
    case("action/required-approval", action, &format!("{good}{hook}requiredApproval: {{}}\n"), "4:19");
    case("document/out-of-range", action, &format!("{good}{hook}requiredApproval: {{ type: ANY, count: 0 }}\n"), "4:39");
    case("document/remote-ref", action, &format!("{good}{hook}requiredApproval: {{ when: {{ $ref: 'http://x' }} }}\n"), "4:35");
    case("action/invocation-method", action, &format!("{good}invocationMethod: {{ type: KAFKA }}\n"), "3:27");
    case(
        "action/invocation-method",
        action,
        &format!("{good}invocationMethod: {{ type: WEBHOOK, url: https://x.example, agent: true }}\n"),
        "3:67",
    );
    case("action/url", action, &format!("{good}invocationMethod: {{ type: WEBHOOK, url: ftp://x }}\n"), "3:41");
    let webhook = |rest: &str| format!("{good}invocationMethod:\n  type: WEBHOOK\n  url: https://x.example\n  {rest}\n");
    case(
        "action/url",
        action,
        &format!("{good}invocationMethod: {{ type: WEBHOOK, url: 'https://{{{{ .inputs.a }}}}' }}\n"),
        "3:41",
    );
    case("action/header", action, &webhook("headers: { Host: x }"), "6:14");
    case("action/header", action, &webhook("headers: { X-A: \"a\\nb\" }"), "6:19");
    case("action/template", action, &webhook("body: { a: ['{{ .inputs.a | length }}'] }"), "6:15");
    case("action/template", action, &webhook("body: { '{{ .inputs.a }}': 1 }"), "6:11");
    case("action/template", action, &webhook("headers: { '{{ .inputs.a }}': x }"), "6:14");
    case("action/template", action, &webhook("body: '{{ .secrets.a }}'"), "6:9");
    case("action/template", action, &webhook("body: '{{ .run.state }}'"), "6:9");
    case("action/template", action, &webhook("body: '{{ .trigger.by.user.email }}'"), "6:9");
    case("document/duration", action, &webhook("deadline: soon"), "6:13");
    let github = |rest: &str| format!("{good}invocationMethod:\n  type: GITHUB\n  org: acme\n  repo: infra\n  {rest}\n");
    case("action/workflow", action, &github("workflow: .github/workflows/x.yml"), "7:13");
    case("action/workflow", action, &github("workflow: x.yml\n  workflowInputs: { portcullis_run: x }"), "8:21");
    let upsert = |rest: &str| format!("{good}invocationMethod:\n  type: UPSERT_ENTITY\n  blueprintIdentifier: Env\n  {rest}\n");
    case("document/missing-key", action, &upsert("mapping: { title: x }"), "6:12");
    case("identifier/character", action, &upsert("mapping: { identifier: a b }"), "6:26");
    case("document/wrong-type", action, &upsert("mapping: { identifier: a, properties: '{{ .inputs }}' }"), "6:41");
    case("run/status-in-file", "runs/r.yaml", "action: a\nstatus: APPROVED\n", "2:1");
    case("run/status-in-file", "runs/r.yaml", "action: a\nrequester: alice@acme.dev\n", "2:1");

    let user = "identifier: alice@acme.dev\n";
    case("user/email", "users/a.yaml", &format!("{user}emails: [alice]\n"), "2:10");
    case("team/github", "teams/a.yaml", "identifier: a\ngithub: { team: acme, id: 42 }\n", "2:17");
    case("user/signing-key", "users/a.yaml", &format!("{user}signingKeys:\n  - ssh-ed25519 AAAA\n"), "3:5");
    case(
        "user/private-key",
        "users/a.yaml",
        &format!("{user}signingKeys:\n  - |\n    -----BEGIN OPENSSH PRIVATE KEY-----\n"),
        "4:5",
    );
    case(
        "user/weak-key",
        "users/a.yaml",
        &format!("{user}signingKeys:\n  - {}\n", include_str!("keys/rsa-1024.pub").trim()),
        "3:5",
    );
    let dated = format!("{user}signingKeys:\n  - key: {}\n    from: 2026-02-01\n    until: 2026-01-31\n", ED25519.trim());
    case("user/key-validity", "users/a.yaml", &dated, "3:5");
    case("document/date", "users/a.yaml", &dated.replace("2026-02-01", "yesterday"), "4:11");

    case("limit/file-bytes", entity, &format!("identifier: prod\n# {}\n", "x".repeat(256 * 1024)), "1:1");
    case("limit/depth", entity, &format!("identifier: prod\ntitle: {}\n", "[".repeat(40)), "2:39");
    case("limit/depth", json, &"[".repeat(40), "1:33");
    case("limit/nodes", entity, &format!("identifier: prod\nproperties:\n  a: [{}]\n", "1,".repeat(20_000)), "3:39993");
    case("limit/scalar-bytes", entity, &format!("identifier: prod\ntitle: {}\n", "x".repeat(65 * 1024)), "2:8");
    case(
        "limit/findings",
        entity,
        &format!("identifier: prod\nproperties: [{}]\n", "*a,".repeat(3)).replace("*a,*a,*a,", &"&a 1,".repeat(200)),
        "2:509",
    );
    all.push(("document/not-utf8", entity, b"identifier: prod\ntitle: a\xC3\x28\n".to_vec(), "2:9"));
    all.push(("document/not-utf8", entity, b"\xFF\xFEi\0d\0".to_vec(), "1:1"));
    all
}

#[test]
fn every_rule_is_told_where_it_is_broken_and_how_to_mend_it() {
    let mut wrong = Vec::new();
    for (rule, path, source, at) in cases() {
        let parsed = parse(path, &source);
        let shown = String::from_utf8_lossy(&source[..source.len().min(200)]).into_owned();
        match parsed.findings.iter().find(|finding| finding.rule == rule && super::position(finding) == at) {
            None => wrong.push(format!("{rule} at {at} in {path}:\n{shown}\ngot {:?}", super::told(&parsed))),
            Some(found) => assert!(found.is_error() && found.help.as_ref().is_some_and(|help| !help.is_empty()), "{rule}"),
        }
        assert!(parsed.documents.is_empty(), "{rule} lets a document through:\n{shown}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn no_case_is_without_its_rule() {
    let listed: Vec<&str> = rules().map(|rule| rule.id).collect();
    let unique: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!(listed.len(), unique.len(), "a rule is listed twice");
    // That every rule has an example is asked of the index of rules; here are the many spellings.
    let told: BTreeSet<&str> = cases()
        .iter()
        .flat_map(|(rule, path, source, _)| parse(path, source).findings.into_iter().map(|f| f.rule).chain([*rule]))
        .collect();
    assert!(told.is_subset(&unique), "a finding names a rule that is not listed: {:?}", told.difference(&unique));
}
