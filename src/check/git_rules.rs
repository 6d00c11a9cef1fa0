//! The rules of git's own objects and of a range's size; the git edge applies them while it reads, and they are listed here.

use crate::model::RuleDoc;

/// `git/*`, `limit/commits` and `limit/files`.
pub const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "git/mode",
        summary: "A document is a regular file of mode 100644, and a managed directory is a directory.",
        remedy: "Take the executable bit away with `git update-index --chmod=-x`, or commit the file again with git itself.",
    },
    RuleDoc {
        id: "git/symlink",
        summary: "Symbolic links under a managed directory are never followed, and refused.",
        remedy: "Replace the link by a file with the content itself.",
    },
    RuleDoc {
        id: "git/submodule",
        summary: "The catalog is read from one repository alone; submodules under a managed directory are refused.",
        remedy: "Move the submodule's files into the repository.",
    },
    RuleDoc {
        id: "git/name",
        summary: "A name that hides, that escapes its directory, or that some system takes for `.git` is refused.",
        remedy: "Rename the file; letters, digits, `-`, `_`, `.` and `@` are safe everywhere.",
    },
    RuleDoc {
        id: "git/duplicate-entry",
        summary: "A directory has each name once.",
        remedy: "Make the commit again with git itself, which does not write such trees.",
    },
    RuleDoc {
        id: "git/order",
        summary: "The entries of a directory stand in git's order.",
        remedy: "Make the commit again with git itself, which does not write such trees.",
    },
    RuleDoc {
        id: "git/case-collision",
        summary: "Two names in one directory differ by more than case, so that a checkout on any system has both.",
        remedy: "Rename one of the two; a file's name means nothing to the catalog.",
    },
    RuleDoc {
        id: "git/depth",
        summary: "Directories are nested at most 64 deep.",
        remedy: "Move the files up; directories below the managed ones mean nothing.",
    },
    RuleDoc {
        id: "git/root",
        summary: "The catalog's directory is a directory.",
        remedy: "Make it a directory again, or configure another `root`.",
    },
    RuleDoc {
        id: "git/conflict",
        summary: "What is proposed merges cleanly into the watched branch.",
        remedy: "Merge the watched branch into yours, resolve the conflict, and push.",
    },
    RuleDoc {
        id: "document/policy-name",
        summary: "The repository's policy is called `catalog.yaml`; `catalog.yml` and `catalog.json` are not read.",
        remedy: "Rename the file to `catalog.yaml`; where it belongs to another program, add a `catalog.yaml` beside it.",
    },
    RuleDoc {
        id: "limit/commits",
        summary: "A judged range has at most `limits.commits` commits (250 where unsaid).",
        remedy: "Divide the change, or squash it; an admin can raise the limit in catalog.yaml.",
    },
    RuleDoc {
        id: "limit/files",
        summary: "A judged range, and each commit in it, changes at most `limits.files` managed files (2,000 where unsaid).",
        remedy: "Divide the change into several pull requests; an admin can raise the limit in catalog.yaml.",
    },
];
