//! Rules that can be read off a single file: its length, its opening, its name, and what must not stand in it.

use super::Finding;

/// No file is longer.
const MOST_LINES: usize = 800;
/// Longer ones are named, so that they get split before it hurts.
const MANY_LINES: usize = 500;

/// Names that say nothing about what is inside.
const VAGUE: &[&str] = &["utils", "util", "helper", "helpers", "common", "misc", "manager", "managers"];

/// All checks of this file.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let findings = [length(path, text), opening(path, text), name(path)].into_iter().flatten();
    findings.chain(test_left_out(path, text)).chain(machine_path(path, text)).collect()
}

/// What is worth knowing, but no fault.
pub(super) fn note(path: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    let long = is_code(path) && lines > MANY_LINES && lines <= MOST_LINES;
    long.then(|| format!("{path} has {lines} lines: think about splitting it"))
}

fn is_code(path: &str) -> bool {
    [".rs", ".py", ".ts", ".tsx"].iter().any(|ending| path.ends_with(ending))
}

fn length(path: &str, text: &str) -> Option<Finding> {
    let lines = text.lines().count();
    let message =
        || format!("{path} has {lines} lines; the most is {MOST_LINES}: split it by what it is about");
    (is_code(path) && lines > MOST_LINES).then(|| Finding::new("file-length", message()))
}

fn opening(path: &str, text: &str) -> Option<Finding> {
    let is_test = path.ends_with("tests.rs") || path.contains("/tests/");
    let opened = text.starts_with("//!") || text.starts_with("#!");
    let message = || format!("{path} must start with `//!`: what it is, and the invariant it keeps");
    (path.ends_with(".rs") && !is_test && !opened).then(|| Finding::new("file-opening", message()))
}

fn name(path: &str) -> Option<Finding> {
    let mut parts = path.split('/').map(|part| part.split_once('.').map_or(part, |(stem, _)| stem));
    let vague = parts.find(|part| VAGUE.contains(part))?;
    let message = format!("{path}: `{vague}` does not say what is inside; name it after what it is");
    is_code(path).then(|| Finding::new("vague-name", message))
}

/// The marks that leave a test out. Each is put together here, so that this file does not carry them itself.
fn test_left_out(path: &str, text: &str) -> Vec<Finding> {
    let marks: &[String] = match path.rsplit('.').next() {
        Some("rs") => &[format!("#[{}", "ignore")],
        Some("py") => &[
            format!("mark.{}", "skip"),
            format!("pytest.{}(", "skip"),
            format!("import{}(", "orskip"),
            format!("mark.{}", "xfail"),
        ],
        _ => &[],
    };
    lines_with(text, |line| marks.iter().any(|mark| line.contains(mark.as_str())))
        .map(|number| {
            let message =
                format!("{path}:{number}: a test that does not run proves nothing; mend or remove it");
            Finding::new("test-left-out", message)
        })
        .collect()
}

fn machine_path(path: &str, text: &str) -> Vec<Finding> {
    if path.ends_with(".lock") {
        return Vec::new();
    }
    lines_with(text, names_a_machine_path)
        .map(|number| {
            let message =
                format!("{path}:{number}: names a folder of one machine; take it from the caller instead");
            Finding::new("machine-path", message)
        })
        .collect()
}

/// Whether a folder of a build machine or of a home stands in a line as the start of a path.
fn names_a_machine_path(line: &str) -> bool {
    ["work", "root", "Users", "home/runner"].iter().any(|folder| {
        let start = format!("/{folder}/");
        line.match_indices(&start).any(|(at, _)| {
            let before = line.get(..at).and_then(|head| head.chars().next_back());
            !before
                .is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '}' | '>' | '*'))
        })
    })
}

fn lines_with<'a>(text: &'a str, matches: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = usize> + 'a {
    text.lines().enumerate().filter(move |(_, line)| matches(line)).map(|(index, _)| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checks(path: &str, text: &str) -> Vec<&'static str> {
        check(path, text).into_iter().map(|finding| finding.check).collect()
    }

    #[test]
    fn long_files() {
        let lines = |n: usize| format!("//! x\n{}", "\n".repeat(n - 1));
        assert!(checks("a.rs", &lines(800)).is_empty());
        assert_eq!(checks("a.rs", &lines(801)), ["file-length"]);
        assert!(checks("a.md", &lines(801)).is_empty());
        assert!(note("a.rs", &lines(501)).is_some());
        assert!(note("a.rs", &lines(500)).is_none());
    }

    #[test]
    fn openings_and_names() {
        assert_eq!(checks("crates/a/src/user.rs", "use x;"), ["file-opening"]);
        assert!(checks("crates/a/src/user/tests.rs", "use x;").is_empty());
        assert_eq!(checks("crates/a/src/utils.rs", "//! x"), ["vague-name"]);
        assert_eq!(checks("clients/helpers/sign.py", ""), ["vague-name"]);
        assert!(checks("crates/a/src/commonly.rs", "//! x").is_empty());
    }

    #[test]
    fn tests_left_out() {
        let mark = format!("//! x\n    #[{}]\n", "ignore");
        assert_eq!(checks("crates/a/src/user.rs", &mark), ["test-left-out"]);
        let mark = format!("@pytest.mark.{}(reason='later')", "skip");
        assert_eq!(checks("clients/test_iam.py", &mark), ["test-left-out"]);
    }

    #[test]
    fn machine_paths() {
        for (line, expected) in [
            (format!("see {}work/main", "/"), true),
            (format!("`{}root/.cache`", "/"), true),
            ("https://example.com/work/main".to_owned(), false),
            ("a/root/b".to_owned(), false),
            ("{path}/root/x".to_owned(), false),
        ] {
            assert_eq!(names_a_machine_path(&line), expected, "{line}");
        }
    }
}
