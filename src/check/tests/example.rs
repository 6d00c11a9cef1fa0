//! The example catalog is clean.

use std::sync::Arc;

use super::told::*;
use crate::catalog::derive::fake::FewPrograms;
use crate::catalog::{Catalog, FileDelta, parse_file};
use crate::check::validate;
use crate::model::{FilePath, Limits};

fn read(root: &std::path::Path, directory: &std::path::Path, out: &mut Vec<FileDelta>) {
    for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            read(root, &path, out);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            out.push(FileDelta::put(parse_file(&FilePath::new(name), &std::fs::read(&path).unwrap(), &Limits::default())));
        }
    }
}

#[test]
fn the_example_catalog_has_no_errors() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/catalog-repo");
    let mut files = Vec::new();
    read(&root, &root, &mut files);
    let findings = validate(&Catalog::with_expressions(Arc::new(FewPrograms)).apply(files));
    assert!(errors(&findings).is_empty(), "{:#?}", lines(&findings));
}
