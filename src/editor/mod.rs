//! What editors are told of the documents: the table of keys, the JSON Schemas made of it, the settings that wire them, and the reference.

mod entity;
mod file;
mod jetbrains;
mod jsonc;
mod key;
mod known;
mod reference;
mod run;
mod table;
mod value;
mod vscode;
mod write;

pub use file::{Cover, MARK, SchemaFile, schemas, text};
pub use jetbrains::jetbrains_mappings;
pub use jsonc::SettingsError;
pub use key::{Key, Keywords, Named, Names, Section, Wants};
pub use known::References;
pub use reference::reference;
pub use table::sections;
pub use vscode::{Wiring, vscode_settings};
