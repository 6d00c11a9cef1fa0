//! Real keys, made by the real `ssh-keygen`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A key pair in a file.
pub struct Key {
    path: PathBuf,
    public: String,
}

impl Key {
    /// Makes one; `kind` is `ed25519`, `ecdsa` or `rsa`.
    pub fn generate(dir: &Path, name: &str, kind: &str) -> Self {
        std::fs::create_dir_all(dir).unwrap();
        let path = dir.join(name);
        let output = Command::new("ssh-keygen")
            .args(["-q", "-t", kind, "-N", "", "-C", name, "-f"])
            .arg(&path)
            .output()
            .expect("ssh-keygen is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let line = std::fs::read_to_string(path.with_extension("pub")).unwrap();
        let public = line.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        Self { path, public }
    }

    /// The private key's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The public key, as a roster writes it.
    pub fn public(&self) -> &str {
        &self.public
    }
}
