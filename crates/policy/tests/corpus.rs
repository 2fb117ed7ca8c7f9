//! The cases of `tests/cases`: what AWS's documents say must come out, whatever this crate thinks of it.
//!
//! Each file is one subject, in the format of `garita policy test` (docs/reference/policy-tests.md). The outcomes are
//! taken from the documents, not from a run: a case that fails is a fault here until the documents say otherwise.

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fmt::Write as _;
    use std::fs;
    use std::path::Path;

    use garita_policy::cases::{self, Verdict};

    /// The names of a file's cases.
    fn names(file: &str) -> HashSet<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cases/{file}.json"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        cases::read(&text).unwrap().into_iter().map(|case| case.unwrap().name().to_owned()).collect()
    }

    #[test]
    fn every_deviation_of_the_language_is_held_by_a_case() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/deviations.md");
        let text = fs::read_to_string(path).unwrap();
        let (_, rest) = text.split_once("## The policy language\n").unwrap();
        let section = rest.split("\n## ").next().unwrap();
        let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
        assert!(rows.len() >= 18, "only {} deviations were found", rows.len());
        for row in rows {
            let (_, named) = row.trim_end_matches(" |").rsplit_once(" | ").unwrap();
            let (file, name) = named.split_once("`: ").unwrap();
            assert!(names(file.trim_start_matches('`')).contains(name), "no such case: {named}");
        }
    }

    #[test]
    fn every_case_comes_out_as_documented() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
        let mut failures = String::new();
        let mut passed = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            let mut names = HashSet::new();
            for case in cases::read(&fs::read_to_string(&path).unwrap()).unwrap() {
                let case = case.unwrap_or_else(|error| panic!("{file}: {error}"));
                assert!(names.insert(case.name().to_owned()), "{file}: `{}` is there twice", case.name());
                match case.run() {
                    Verdict::Passed => passed += 1,
                    Verdict::Failed(why) => {
                        writeln!(failures, "{file}, {}: {}\n{why}", case.position(), case.name()).unwrap();
                    }
                }
            }
        }
        assert!(failures.is_empty(), "\n{failures}");
        assert!(passed > 1_000, "only {passed} cases were found");
    }
}
