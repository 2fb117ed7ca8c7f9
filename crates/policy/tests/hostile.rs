//! Policies made to hurt: a clear refusal, or an answer in bounded time and memory.
//!
//! Bounds are counted, not timed: memory in bytes taken, work by sizes that would not end if it grew otherwise.

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use garita_policy::{
        CompiledPolicies, Context, NamedPolicy, PolicyDocument, PolicyIndex, PolicyKind, PolicySource,
        Principal, Request, decide,
    };

    /// Longest managed policy, in characters.
    const MANAGED: usize = 6_144;

    fn parse(text: &str) -> Result<PolicyDocument, String> {
        PolicyDocument::parse(text, PolicyKind::Identity).map_err(|error| error.to_string())
    }

    fn policy(members: &str) -> String {
        format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow",{members}}}}}"#)
    }

    fn list(items: impl Iterator<Item = String>) -> String {
        let quoted: Vec<_> = items.map(|item| format!("\"{item}\"")).collect();
        format!("[{}]", quoted.join(","))
    }

    /// Indexes one policy and decides a request with it; answers whether it is allowed and how many bytes were held
    /// at most, for each byte of the policy.
    fn ask(text: &str, action: &str, resource: &str, value: &str) -> (bool, u64) {
        let document = Arc::new(parse(text).unwrap());
        let principal = Principal::Root { account: "111122223333".parse().unwrap() };
        let mut context = Context::new();
        context.set("k", value);
        let request =
            Request { principal: &principal, action, resource, resource_account: None, context: &context };
        let mut allowed = false;
        let taken = allocation_counter::measure(|| {
            let index = PolicyIndex::new(vec![NamedPolicy::new("p", PolicySource::None, document)]);
            let only = CompiledPolicies {
                boundary: Some(&index),
                session: Some(&index),
                ..CompiledPolicies::default()
            };
            let verdict = decide(&request, &only);
            allowed = verdict.is_allowed();
            assert_eq!(verdict.outcome(), only.explain(&request).outcome());
        });
        (allowed, taken.bytes_max / text.len() as u64)
    }

    #[test]
    fn wildcards_without_end() {
        let long = "a".repeat(2_000);
        for (unit, wanted) in
            [("*", true), ("*?", false), ("*a", false), ("?", false), ("*aaaa*b", false), ("a*", false)]
        {
            let pattern = unit.repeat(MANAGED / unit.len());
            for members in [
                format!(r#""Action":"s3:{pattern}","Resource":"*""#),
                format!(r#""Action":"*","Resource":"arn:aws:s3:::{pattern}""#),
                format!(r#""Action":"*","Resource":"*","Condition":{{"StringLike":{{"k":"{pattern}"}}}}"#),
                format!(
                    r#""NotAction":"s3:{pattern}b","Resource":"*","Condition":{{"StringLike":{{"k":"{pattern}"}}}}"#
                ),
            ] {
                let (action, resource) = (format!("s3:{long}"), format!("arn:aws:s3:::{long}"));
                let (allowed, bytes) = ask(&policy(&members), &action, &resource, &long);
                assert_eq!(allowed, wanted, "{unit}");
                assert!(bytes < 128, "{unit}: {bytes} bytes for each of the policy");
            }
        }
    }

    #[test]
    fn many_wildcards_of_each_length() {
        // Every pattern shares its beginning with the request and fails at its very end.
        let patterns =
            |count: usize| list((0..count).map(|n| format!("arn:aws:s3:::{}*b", "a".repeat(n % 60))));
        let text = policy(&format!(r#""Action":"*","Resource":{}"#, patterns(4_000)));
        let (allowed, bytes) = ask(&text, "s3:Get", &format!("arn:aws:s3:::{}", "a".repeat(1_000)), "");
        assert!(!allowed && bytes < 64, "{bytes}");
    }

    #[test]
    fn lists_times_lists_take_no_more_than_their_text() {
        // Indexed by action, then by resource, this would be six million entries.
        let actions = list((0..2_500).map(|n| format!("s3:Get{n}")));
        let resources = list((0..2_500).map(|n| format!("arn:aws:s3:::models/{n}/*")));
        let text = policy(&format!(r#""Action":{actions},"Resource":{resources}"#));
        let (allowed, bytes) = ask(&text, "s3:get2499", "arn:aws:s3:::models/2499/x", "");
        assert!(allowed && bytes < 64, "{bytes}");
        assert!(!ask(&text, "s3:get2500", "arn:aws:s3:::models/2499/x", "").0);
        // Just below what counts as many: a list of sixteen against a long one.
        let actions = list((0..16).map(|n| format!("s3:Get{n}")));
        let text = policy(&format!(r#""Action":{actions},"Resource":{resources}"#));
        let (allowed, bytes) = ask(&text, "s3:get15", "arn:aws:s3:::models/2499/x", "");
        assert!(allowed && bytes < 256, "{bytes}");
    }

    #[test]
    fn conditions_without_end() {
        let keys: Vec<_> = (0..3_000).map(|n| format!(r#""key{n}":"x""#)).collect();
        let text = policy(&format!(
            r#""Action":"*","Resource":"*","Condition":{{"StringNotEquals":{{{}}}}}"#,
            keys.join(",")
        ));
        let (allowed, bytes) = ask(&text, "s3:Get", "*", "");
        assert!(allowed && bytes < 64, "{bytes}");
        let values = list((0..8_000).map(|n| format!("${{k}}{n}*")));
        let text =
            policy(&format!(r#""Action":"*","Resource":"*","Condition":{{"StringLike":{{"k":{values}}}}}"#));
        let (allowed, bytes) = ask(&text, "s3:Get", "*", &"a".repeat(1_000));
        assert!(!allowed && bytes < 64, "{bytes}");
    }

    #[test]
    fn what_is_too_large_or_too_deep_is_refused_at_once() {
        for (text, wanted) in [
            (
                policy(&format!(
                    r#""Action":"*","Resource":{}"#,
                    list((0..300_000).map(|n| format!("arn:aws:s3:::{n}")))
                )),
                "text is longer than 262144 bytes",
            ),
            (" ".repeat(10 * 1024 * 1024), "text is longer than 262144 bytes"),
            (
                policy(&format!(r#""Condition":{}1{}"#, r#"{"a":"#.repeat(20_000), "}".repeat(20_000))),
                "nested deeper than 64",
            ),
            ("[".repeat(200_000), "nested deeper than 64"),
        ] {
            let mut error = String::new();
            let taken = allocation_counter::measure(|| error = parse(&text).unwrap_err());
            assert!(error.starts_with(wanted), "{error}");
            assert!(taken.bytes_max < 64 * 1024, "{} bytes for {wanted}", taken.bytes_max);
        }
        // As deep as conditions go, and one deeper.
        let nested = policy(r#""Action":"*","Resource":"*","Condition":{"StringEquals":{"k":{"k":["x"]}}}"#);
        let error = parse(&nested).unwrap_err();
        assert!(error.starts_with("a value of condition key `k` must be a string"), "{error}");
    }
}
