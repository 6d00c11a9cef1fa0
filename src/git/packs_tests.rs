use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::*;
use crate::git::Blob;

const LARGEST: usize = 64 << 10;

fn git(home: &tempfile::TempDir, words: &[&str], input: &str) -> String {
    let mut git = Command::new("git");
    git.arg("-C").arg(home.path()).args(words).envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")]);
    let mut git = git.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    git.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let out = git.wait_with_output().unwrap();
    assert!(out.status.success());
    String::from_utf8(out.stdout).unwrap()
}

/// A bare repository with files that are much alike, packed so that each is made from the one before it, in so many steps.
fn packed(files: usize, depth: usize) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    git(&home, &["init", "-q", "--bare", "."], "");
    let mut script = "commit refs/heads/main\ncommitter a <a@x> 1800000000 +0000\ndata 1\nx\n".to_owned();
    for at in 0..files {
        let lines: String = (0..40).map(|line| format!("line {line} of {}\n", if line == at % 40 { at } else { 0 })).collect();
        script.push_str(&format!("M 100644 inline f{at}\ndata {}\n{lines}\n", lines.len()));
    }
    git(&home, &["-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", &format!("--depth={depth}")], &script);
    home
}

/// Every object, with its kind.
fn objects(home: &tempfile::TempDir) -> Vec<(String, ObjectId)> {
    let told = git(home, &["cat-file", "--batch-check", "--batch-all-objects"], "");
    let object = |line: &str| {
        let mut words = line.split(' ');
        let id = git2::Oid::from_str(words.next().unwrap()).unwrap();
        (words.next().unwrap().to_owned(), ObjectId::try_from(id).unwrap())
    };
    told.lines().map(object).collect()
}

fn pack(home: &tempfile::TempDir) -> PathBuf {
    let mut listed = std::fs::read_dir(home.path().join("objects/pack")).unwrap().map(|file| file.unwrap().path());
    listed.find(|path| path.extension().is_some_and(|extension| extension == "pack")).unwrap()
}

#[test]
fn what_is_packed_reads_as_it_does_by_the_other_way() {
    let home = packed(200, 30);
    let repository = Repository::open(home.path()).unwrap();
    let packs = repository.packs(LARGEST);
    let mut reader = packs.reader();
    let all = objects(&home);
    for (kind, id) in &all {
        let found = reader.blob(*id).map(<[u8]>::to_vec);
        let wanted = (kind == "blob").then(|| repository.blob(*id, LARGEST).unwrap());
        assert_eq!(found.map(Blob::Content), wanted, "{kind} {id}");
    }
    let chains = git(&home, &["verify-pack", "-v", pack(&home).to_str().unwrap()], "");
    assert!(chains.contains("chain length = 3"), "most are made from others, which are made from others again:\n{chains}");
    assert!(reader.blob(ObjectId([7; 20])).is_none());
    let loose = git(&home, &["hash-object", "-w", "--stdin"], "not packed");
    let loose = ObjectId::try_from(git2::Oid::from_str(loose.trim()).unwrap()).unwrap();
    assert!(reader.blob(loose).is_none(), "it is left to libgit2");
    assert_eq!(repository.blob(loose, LARGEST).unwrap(), Blob::Content(b"not packed".to_vec()));
}

#[test]
fn what_is_many_steps_away_from_what_it_is_made_of_is_left_to_the_other_way() {
    // Each step is taken anew for each blob here, and somebody may send thousands of blobs at the end of thousands of steps.
    let home = packed(200, 4000);
    let repository = Repository::open(home.path()).unwrap();
    let packs = repository.packs(LARGEST);
    let mut reader = packs.reader();
    let told = git(&home, &["verify-pack", "-v", pack(&home).to_str().unwrap()], "");
    let (mut near, mut far) = (0, 0);
    for words in
        told.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).filter(|words| words.get(1) == Some(&"blob"))
    {
        let steps: usize = words.get(5).map_or(0, |steps| steps.parse().unwrap());
        let id = ObjectId::try_from(git2::Oid::from_str(words[0]).unwrap()).unwrap();
        assert_eq!(reader.blob(id).is_some(), steps <= STEPS, "{steps} steps");
        *(if steps <= STEPS { &mut near } else { &mut far }) += 1;
    }
    assert!(near > 0 && far > 0, "{near} near, {far} far");
}

#[test]
fn a_later_pack_and_one_that_cannot_be_opened_harm_nobody() {
    let home = packed(20, 30);
    std::fs::write(home.path().join("objects/pack/pack-1.idx"), b"no index").unwrap();
    let blob = git(&home, &["hash-object", "-w", "--stdin"], "another");
    git(&home, &["pack-objects", "-q", "objects/pack/pack"], &blob);
    let id = ObjectId::try_from(git2::Oid::from_str(blob.trim()).unwrap()).unwrap();
    let packs = Repository::open(home.path()).unwrap().packs(LARGEST);
    let mut reader = packs.reader();
    for (kind, known) in objects(&home) {
        assert_eq!(reader.blob(known).is_some(), kind == "blob");
        assert_eq!(reader.blob(id).unwrap(), b"another");
    }
}

#[test]
fn a_pack_that_was_damaged_never_reads_as_something_else() {
    let home = packed(40, 30);
    let repository = Repository::open(home.path()).unwrap();
    let blobs: Vec<ObjectId> = objects(&home).into_iter().filter(|(kind, _)| kind == "blob").map(|(_, id)| id).collect();
    let whole: Vec<Blob> = blobs.iter().map(|id| repository.blob(*id, LARGEST).unwrap()).collect();
    for extension in ["pack", "idx"] {
        let path = pack(&home).with_extension(extension);
        let sound = std::fs::read(&path).unwrap();
        let mut lost = 0;
        for at in (0..sound.len()).step_by(sound.len() / 150) {
            let mut damaged = sound.clone();
            damaged[at] ^= 0x55;
            // Another file under the same name, as whoever reads the first one still has it open.
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, damaged).unwrap();
            let packs = repository.packs(LARGEST);
            let mut reader = packs.reader();
            for (id, content) in blobs.iter().zip(&whole) {
                match reader.blob(*id) {
                    Some(bytes) => assert_eq!(&Blob::Content(bytes.to_vec()), content, "byte {at} of the {extension}"),
                    None => lost += 1,
                }
            }
        }
        assert!(lost > 0, "damage was done");
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, sound).unwrap();
    }
}

#[test]
fn what_is_too_large_is_not_unfolded() {
    let home = packed(1, 30);
    let long = "0".repeat(32 << 20);
    let id = git(&home, &["hash-object", "-w", "--stdin"], &long);
    git(&home, &["pack-objects", "-q", "objects/pack/pack"], &id);
    let id = ObjectId::try_from(git2::Oid::from_str(id.trim()).unwrap()).unwrap();
    let repository = Repository::open(home.path()).unwrap();
    let packs = repository.packs(LARGEST);
    let mut reader = packs.reader();
    assert!(reader.blob(id).is_none());
    assert!(reader.bytes.capacity() <= LARGEST * ROOM, "{}", reader.bytes.capacity());
    assert_eq!(repository.blob(id, LARGEST).unwrap(), Blob::TooLarge(long.len()));
}
