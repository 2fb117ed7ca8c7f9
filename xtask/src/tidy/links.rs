//! Links from one page to another: they must lead to a file that is there.

use std::collections::BTreeSet;

use super::Finding;

/// Checks the relative links of a Markdown page; `known` has every file of the checkout.
pub(super) fn check(path: &str, text: &str, known: &BTreeSet<String>) -> Vec<Finding> {
    if !path.ends_with(".md") {
        return Vec::new();
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let dead = targets(text).filter(|target| !leads_somewhere(folder, target, known));
    let finding =
        |target: &str| Finding::new("dead-link", format!("{path}: `{target}` is not there: mend the link"));
    dead.map(finding).collect()
}

/// What stands in `[words](target)`, without what is elsewhere and without the part after `#`.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    let all = text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
    let here = all.filter(|target| !target.contains("://") && !target.starts_with("mailto:"));
    here.filter_map(|target| target.split('#').next()).filter(|target| !target.is_empty())
}

/// Whether a target is a file, or a folder that holds one.
fn leads_somewhere(folder: &str, target: &str, known: &BTreeSet<String>) -> bool {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return false;
                }
            }
            name => parts.push(name),
        }
    }
    let path = parts.join("/");
    known.contains(&path) || known.iter().any(|file| file.starts_with(&format!("{path}/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_links() {
        let known = ["README.md", "docs/README.md", "docs/concepts/audit.md"].map(str::to_owned).into();
        let dead = |path: &str, text: &str| check(path, text, &known).len();
        assert_eq!(
            dead("docs/concepts/audit.md", "[a](../README.md) [b](audit.md#chain) [c](../../README.md)"),
            0
        );
        assert_eq!(dead("README.md", "[a](docs/concepts) [b](https://example.com/x) [c](#below)"), 0);
        assert_eq!(dead("README.md", "[a](docs/concept/audit.md)"), 1);
        assert_eq!(dead("docs/README.md", "[a](../../x.md)"), 1);
        assert_eq!(dead("docs/a.rs", "[a](nowhere)"), 0);
    }
}
