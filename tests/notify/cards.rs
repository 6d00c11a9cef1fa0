//! Cards, held to what Slack and Microsoft publish: Slack's own types, checked by the TypeScript compiler, and Microsoft's own reader of cards.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use portcullis::model::Occasion;
use portcullis::report::notice::{Notice, slack, teams};

use crate::world::notice;

fn tools() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
    let tools = target.join("test-tools");
    assert!(tools.join("node_modules/@slack/types").exists(), "the tools of the tests are missing: run scripts/test");
    tools
}

/// Of each occasion one, and one with everything that may be missing.
fn notices() -> Vec<Notice> {
    let bare = Notice {
        title: None,
        entity: None,
        requesters: Vec::new(),
        approvers: Vec::new(),
        approvals: Vec::new(),
        inputs: Vec::new(),
        reason: None,
        why: String::new(),
        links: Vec::new(),
        pull_request: None,
        ..notice(Occasion::Failed)
    };
    Occasion::ALL.into_iter().map(notice).chain([bare]).collect()
}

#[test]
fn slack_has_a_type_for_every_message() {
    let tools = tools();
    // Where its packages are found: beside them.
    let dir = tempfile::tempdir_in(&tools).unwrap();
    let file = dir.path().join("messages.ts");
    let mut program = String::from("import type { HeaderBlock, SectionBlock } from '@slack/types';\n");
    program.push_str(
        "interface Message { text: string; mrkdwn: boolean; unfurl_links: boolean; unfurl_media: boolean; blocks: (HeaderBlock | SectionBlock)[] }\n",
    );
    for (number, notice) in notices().iter().enumerate() {
        let _ = writeln!(program, "export const message{number}: Message = {};", slack(notice));
    }
    std::fs::write(&file, &program).unwrap();
    let check = || {
        let output = Command::new("node")
            .arg(tools.join("node_modules/typescript/bin/tsc"))
            .args(["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022", "--skipLibCheck"])
            .arg(&file)
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (fine, said) = check();
    assert!(fine, "{said}");

    // The compiler does look: a key that Slack does not know is one error, and so is a type of text.
    std::fs::write(&file, program.replacen("\"verbatim\"", "\"verbatimm\"", 1)).unwrap();
    assert!(!check().0);
    std::fs::write(&file, program.replacen("\"plain_text\"", "\"html\"", 1)).unwrap();
    assert!(!check().0);
}

/// Reads each card as Microsoft's library does, for hosts of version 1.4, and complains of everything that the library does, and of what it
/// has lost on the way.
const READER: &str = r"
const { AdaptiveCard, SerializationContext, Versions } = require('adaptivecards/dist/adaptivecards.js');
const same = (a, b) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
const sorted = v => Array.isArray(v) ? v.map(sorted)
  : v && typeof v === 'object' ? Object.fromEntries(Object.keys(v).sort().map(k => [k, sorted(v[k])])) : v;
const told = [];
for (const message of JSON.parse(require('fs').readFileSync(0, 'utf8'))) {
  const card = message.attachments[0].content;
  const context = new SerializationContext(Versions.v1_4);
  const read = new AdaptiveCard();
  read.parse(card, context);
  for (let at = 0; at < context.eventCount; at++) told.push(context.getEventAt(at).message);
  const written = read.toJSON(new SerializationContext(Versions.v1_4));
  if (!same(written, card)) told.push('lost: ' + JSON.stringify(card) + ' -> ' + JSON.stringify(written));
}
console.log(JSON.stringify(told));
";

fn read_by_microsoft(messages: &serde_json::Value) -> Vec<String> {
    use std::io::Write as _;
    let mut child = Command::new("node")
        .args(["-e", READER])
        .current_dir(tools())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(messages.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn microsofts_reader_understands_every_card_and_loses_nothing() {
    let messages: Vec<_> = notices().iter().map(teams).collect();
    assert_eq!(read_by_microsoft(&messages.into()), Vec::<String>::new());

    // The reader does look.
    let mut wrong = teams(&notice(Occasion::Waiting));
    wrong["attachments"][0]["content"]["body"][0]["type"] = "RichTextBlok".into();
    assert!(!read_by_microsoft(&serde_json::json!([wrong])).is_empty());
}
