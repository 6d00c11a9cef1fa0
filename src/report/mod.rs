//! Every word said outward, as pure functions: text, JSON, SARIF, GitHub workflow commands, Markdown.
