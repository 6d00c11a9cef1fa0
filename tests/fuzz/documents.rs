//! Documents, YAML and JSON: read, told where they are wrong, laid into the example catalog, compared and judged by it.

use std::path::Path;

use portcullis::catalog::{Catalog, Document, FileDelta, Meaning, diff, kind_of, locate_all, parse_file};
use portcullis::check::validate_changed;
use portcullis::model::{FilePath, Finding, Limits, Place};

use crate::engine::Target;

/// The first line of an input is the file's path.
pub(crate) struct Documents {
    example: Catalog,
    seeds: Vec<Vec<u8>>,
}

impl Documents {
    pub(crate) fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/catalog-repo");
        let mut files = Vec::new();
        collect(&root, &root, &mut files);
        files.sort();
        let read =
            |(path, bytes): &(String, Vec<u8>)| FileDelta::put(parse_file(&FilePath::new(path), bytes, &Limits::default()));
        let example = Catalog::default().apply(files.iter().map(read));
        let mut seeds: Vec<Vec<u8>> = files.iter().map(|(path, bytes)| input(path, bytes)).collect();
        // The same as JSON, so that both readers meet every kind of document.
        for (path, bytes) in &files {
            if let Ok(value) = portcullis::catalog::parse_value(&FilePath::new(path), bytes, &Limits::default()) {
                let json = format!("{:#}", value.to_json());
                seeds.push(input(&format!("{}.json", path.rsplit_once('.').unwrap().0), json.as_bytes()));
            }
        }
        Self { example, seeds }
    }
}

fn input(path: &str, bytes: &[u8]) -> Vec<u8> {
    [path.as_bytes(), b"\n", bytes].concat()
}

fn collect(root: &Path, directory: &Path, out: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            collect(root, &path, out);
        } else if kind_of(&FilePath::new(&name)).is_some() {
            out.push((name, std::fs::read(&path).unwrap()));
        }
    }
}

impl Target for Documents {
    fn name(&self) -> &'static str {
        "documents"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        self.seeds.clone()
    }

    fn dictionary(&self) -> &'static [&'static str] {
        &[
            "identifier: ",
            "blueprint: Env\n",
            "properties:\n",
            "relations:\n",
            "team: ",
            "$ref: '#/properties/a'",
            "pattern: '(a+)+$'",
            "pattern: \"(?:a{1000}){1000}\"",
            "enum: [1, 1]",
            "format: date-time\n",
            "multipleOf: 1e-300",
            "many: true\n",
            "required: true\n",
            "&a ",
            "*a",
            "<<: *a\n",
            "!!binary ",
            "--- ",
            "...\n",
            "%YAML 1.1\n",
            "? ",
            "|+9\n",
            ">-\n",
            "\"\\ud800\"",
            "\\u0000",
            "null",
            "true",
            ".nan",
            "type: object\n",
            "items:\n",
            "patternProperties:\n",
            "mirrorProperties:\n",
            "path: a.b.$title",
            "teamInheritance: {path: a.b}",
            "ownership: {type: Inherited, path: r}",
            "calculation: '.'",
            "aggregationProperties:\n",
            "policy: {queries: {}, conditions: ['true']}",
            "ownedByTeam: true\n",
            "roles: [Admin]\n",
            "jqQuery: '.form'",
            "steps: []",
            "{\"type\": \"string\"}",
            "operator: between",
            "[",
            "]",
            "{",
            "}",
            ": ",
            "- ",
            "#",
            "'",
            "\"",
            "\\",
            "\n\n",
            "minLength: -1",
            "additionalProperties: false",
            "not: {not: {}}",
            "allOf: [{}]",
        ]
    }

    fn head(&self, input: &[u8]) -> usize {
        input.iter().position(|b| *b == b'\n').map_or(0, |at| at + 1)
    }

    fn execute(&self, input: &[u8]) -> String {
        let head = self.head(input);
        let path = FilePath::new(String::from_utf8_lossy(&input[..head]).trim_end());
        let bytes = &input[head..];
        let file = parse_file(&path, bytes, &Limits::default());
        let places: Vec<&Place> = file.findings.iter().filter_map(|finding| finding.place.as_ref()).collect();
        assert!(locate_all(bytes, &places).iter().all(Option::is_some), "a finding has no position");
        file.documents.iter().for_each(means_what_it_says);
        let mut rules = rules("read", &file.findings);
        if !file.documents.is_empty() {
            let after = self.example.apply([FileDelta::put(file)]);
            let changes = diff(&self.example, &after);
            rules += &self::rules("judged", &validate_changed(&self.example, &after, &changes));
        }
        rules
    }
}

/// What a document means is read back as the same document.
fn means_what_it_says(document: &Document) {
    macro_rules! again {
        ($($kind:ident $path:literal),*) => { match document {
            $(Document::$kind(found) => {
                let text = found.value.meaning().canonical();
                let path = FilePath::new($path);
                let again = parse_file(&path, text.as_bytes(), &Limits::MOST);
                match again.documents.as_slice() {
                    [Document::$kind(again)] => assert_eq!(again.value, found.value, "{text}"),
                    _ => panic!("{text}\n{:?}", again.findings),
                }
            })*
        } };
    }
    again!(
        Policy "catalog.yaml", Blueprint "blueprints/a.json", Entity "entities/a.json", Permissions "permissions/a.json",
        Action "actions/a.json", Run "runs/a.json", User "users/a.json", Team "teams/a.json"
    );
}

fn rules(word: &str, findings: &[Finding]) -> String {
    let set: std::collections::BTreeSet<&str> = findings.iter().map(|finding| finding.rule).collect();
    format!("{word}:{}", set.into_iter().collect::<Vec<_>>().join(","))
}
