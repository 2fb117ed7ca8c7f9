//! A decision takes no memory, whatever its policies ask.

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use garita_policy::{
        CompiledPolicies, Context, NamedPolicy, Outcome, PolicyDocument, PolicyIndex, PolicyKind,
        PolicySource, Principal, Request, decide,
    };

    const STATEMENTS: &str = r#"[
        {"Effect":"Deny","Action":"s3:*Object","NotResource":["arn:aws:s3:::models/${aws:username}/*","arn:aws:s3:::${x:none}/*"],
         "Condition":{"Bool":{"aws:SecureTransport":"false"}}},
        {"Effect":"Deny","NotAction":["s3:Get*","s3:*Bucket"],"Resource":"*"},
        {"Effect":"Allow","Action":"S3:getobject","Resource":"arn:aws:s3:::models/${aws:username}/*weights",
         "Condition":{
            "StringLike":{"aws:UserAgent":"*python*"},
            "StringEqualsIgnoreCase":{"aws:PrincipalTag/Team":["ops","${aws:UserName}"]},
            "IpAddress":{"aws:SourceIp":["10.0.0.0/8","2001:db8::/32"]},
            "DateLessThan":{"aws:CurrentTime":"2027-01-01"},
            "NumericLessThanEquals":{"x:Size":"1048576"},
            "ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/team/${aws:username}"},
            "BinaryEquals":{"x:Digest":"YWJj"},
            "ForAllValues:StringEquals":{"aws:TagKeys":["team","cost"]},
            "Null":{"x:none":true}}}]"#;

    fn index(kind: PolicyKind, statements: &str) -> PolicyIndex {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":{statements}}}"#);
        let document = PolicyDocument::parse(&text, kind).unwrap();
        PolicyIndex::new(vec![NamedPolicy::new("p", PolicySource::None, Arc::new(document))])
    }

    fn context(principal: &Principal) -> Context {
        let mut context = Context::new();
        context.set_principal(principal);
        for (key, value) in [
            ("aws:SecureTransport", "true"),
            ("aws:UserAgent", "mlflow-python-client"),
            ("aws:PrincipalTag/team", "ANA"),
            ("aws:SourceIp", "10.1.2.3"),
            ("aws:CurrentTime", "2026-11-21T10:00:00Z"),
            ("x:size", "0400.50"),
            ("x:digest", "YWJj"),
        ] {
            context.set(key, value);
        }
        context.set_many("aws:TagKeys", ["team".to_owned()]);
        context
    }

    #[test]
    fn deciding_takes_no_memory() {
        let principal = Principal::User {
            arn: "arn:aws:iam::111122223333:user/team/ana".parse().unwrap(),
            id: "AIDAEXAMPLEEXAMPLE00".to_owned(),
            account: "111122223333".parse().unwrap(),
        };
        let context = context(&principal);
        let identity = index(PolicyKind::Identity, STATEMENTS);
        let boundary = index(PolicyKind::Boundary, r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#);
        let resource = index(
            PolicyKind::Resource,
            r#"[{"Effect":"Allow","Action":"s3:*","NotPrincipal":{"AWS":"444455556666"}},
                {"Effect":"Deny","Action":"s3:Put*","Principal":{"AWS":["arn:aws:iam::444455556666:root","111122223333"]}},
                {"Effect":"Allow","Action":"s3:*","Principal":{"Service":"lambda.amazonaws.com"}}]"#,
        );
        let scp = [Arc::new(index(
            PolicyKind::ServiceControl,
            r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#,
        ))];
        let own = CompiledPolicies { identity: Some(&identity), ..CompiledPolicies::default() };
        let all =
            CompiledPolicies { boundary: Some(&boundary), resource: Some(&resource), scp: Some(&scp), ..own };
        for (action, wanted) in [
            ("s3:GetObject", Outcome::Allowed),
            ("s3:GetBucket", Outcome::ImplicitDeny),
            ("s3:PutObject", Outcome::ExplicitDeny),
        ] {
            let request = Request {
                principal: &principal,
                action,
                resource: "arn:aws:s3:::models/ana/best/weights",
                resource_account: principal.account(),
                context: &context,
            };
            let mut outcomes = Vec::with_capacity(2);
            let taken = allocation_counter::measure(|| {
                outcomes.push(decide(&request, &own));
                outcomes.push(decide(&request, &all));
            });
            assert_eq!(outcomes[0].outcome(), wanted, "{action}");
            assert_eq!(taken.count_total, 0, "{action} takes {} bytes", taken.bytes_total);
            assert_eq!(own.explain(&request).outcome(), wanted);
        }
    }
}
