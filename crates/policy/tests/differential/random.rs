//! Random policies and requests, from words few enough that they often meet.
//!
//! The same seed gives the same cases on every machine.

use serde_json::{Map, Value, json};

/// Where the choices come from.
#[allow(dead_code, reason = "the tests have seeds, the fuzz target has bytes")]
pub(crate) enum Random<'a> {
    /// SplitMix64.
    Seed(u64),
    /// A byte for each choice, as a fuzzer gives them, and zeros when they are used up.
    Bytes(&'a [u8]),
}

impl Random<'_> {
    fn next(&mut self) -> u64 {
        match self {
            Self::Seed(seed) => {
                *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut z = *seed;
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                z ^ (z >> 31)
            }
            Self::Bytes(bytes) => {
                let Some((first, rest)) = bytes.split_first() else { return 0 };
                *bytes = rest;
                u64::from(*first)
            }
        }
    }

    /// A text of the fuzzer's own, now and then: characters that mean something, in an order that no list here has.
    fn text(&mut self) -> Option<String> {
        const CHARACTERS: [&str; 20] = [
            "*",
            "?",
            ":",
            "/",
            "${",
            "}",
            "aws:username",
            ", 'x'",
            "a",
            "n",
            "S",
            "3",
            "ñ",
            "Ñ",
            "\n",
            "-",
            "{",
            "$",
            "arn:aws:s3:::",
            "models",
        ];
        let is_bytes = matches!(self, Self::Bytes(_));
        (is_bytes && self.one_in(4)).then(|| {
            let length = self.below(10);
            (0..length).map(|_| self.pick(&CHARACTERS)).collect()
        })
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }

    fn maybe_list(&mut self, mut make: impl FnMut(&mut Self) -> Value) -> Value {
        match self.below(4) {
            0 | 1 => make(self),
            n => (0..n).map(|_| make(self)).collect(),
        }
    }
}

const HERE: &str = "111122223333";
const THERE: &str = "444455556666";

const ACTIONS: [&str; 8] = [
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:PutObject",
    "S3:getobject",
    "kms:Decrypt",
    "iam:GetUser",
    "s3:GÑandú",
    "sts:AssumeRole",
];
const RESOURCES: [&str; 12] = [
    "arn:aws:s3:::models/ana/weights",
    "arn:aws:s3:::models/bo/x:y",
    "arn:aws:s3:::models/ana",
    "arn:aws:s3:::data",
    "arn:aws:s3:eu-west-1:111122223333:models/ñ/*",
    "arn:aws:s3:::",
    "arn:aws:kms:eu-west-1:111122223333:key/1",
    "arn:aws:iam::111122223333:role/team/dev",
    "*",
    "models/ana/weights",
    "arn:aws-cn:s3:::models/ana/weights",
    "arn:aws:s3:${x:y}:2:models",
];
const PATTERNS: [&str; 19] = [
    "*",
    "arn:aws:s3:${x:y}:1:models",
    "arn:aws:s3:${x:y}:2:models",
    "arn:aws:s3::",
    "arn:aws:s3:::models/*",
    "arn:*:s3:::models/ana/*",
    "arn:aws:s3:::models/${aws:username}/*",
    "arn:aws:s3:::models/${AWS:UserName}/weights",
    "arn:aws:s3:::models/${x:None, 'ana'}/*",
    "arn:aws:s3:::${x:None}/*",
    "arn:aws:s3:::models/${x:many}/*",
    "arn:aws:s3:::*/${aws:PrincipalTag/team}/*",
    "arn:aws:s3:*:*:models/ñ/${*}",
    "arn:aws:s3:*",
    "arn:aws:s3",
    "arn:aws:s3:::?odels/*/weights",
    "arn:aws:kms:*:*:key/*",
    "arn:aws:iam::*:role/*",
    "arn:aws:s3::${aws:PrincipalAccount}:models/*",
];
const USER: &str = "arn:aws:iam::111122223333:user/team/ana";
const ROLE: &str = "arn:aws:iam::111122223333:role/team/dev";
const LINKED: &str = "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/X";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/dev/ana";
const FEDERATED: &str = "arn:aws:sts::111122223333:federated-user/bo";
const USER_ID: &str = "AIDAEXAMPLEEXAMPLE00";
const ROLE_ID: &str = "AROAEXAMPLEEXAMPLE00";

/// Policies and some requests: `{"policies": {...}, "requests": [...]}`.
pub(crate) fn case(random: &mut Random<'_>) -> Value {
    let trust = random.one_in(5);
    let mut policies = Map::new();
    let mut put = |random: &mut Random<'_>, kind: &str, shape: u8, one_in: usize| {
        if !random.one_in(one_in) {
            return;
        }
        let some =
            |random: &mut Random| (0..random.below(4)).map(|_| policy(random, kind)).collect::<Value>();
        let value = match shape {
            0 => policy(random, kind),
            1 => some(random),
            _ => (0..random.below(3)).map(|_| some(random)).collect(),
        };
        policies.insert(kind.to_owned(), value);
    };
    put(random, "identity", 1, 1);
    put(random, "boundary", 0, 4);
    put(random, "session", 1, 4);
    put(random, "resource", 0, 3);
    put(random, "trust", 0, if trust { 1 } else { 1000 });
    put(random, "scp", 2, 6);
    put(random, "rcp", 2, 6);
    put(random, "endpoint", 0, 8);
    let requests: Value = (0..8).map(|_| request(random, trust)).collect();
    json!({"policies": policies, "requests": requests})
}

fn request(random: &mut Random<'_>, trust: bool) -> Value {
    let action = if trust { "sts:AssumeRole" } else { random.pick(&ACTIONS) };
    let resource = if trust { ROLE } else { random.pick(&RESOURCES) };
    let mut request = json!({
        "principal": principal(random),
        "action": random.text().filter(|_| !trust).unwrap_or_else(|| action.to_owned()),
        "resource": random.text().filter(|_| !trust).unwrap_or_else(|| resource.to_owned()),
        "context": context(random),
    });
    match random.below(6) {
        0 => request["resourceAccount"] = json!(THERE),
        1 => {}
        _ => request["resourceAccount"] = json!(HERE),
    }
    request
}

fn principal(random: &mut Random<'_>) -> Value {
    let role = if random.one_in(6) { LINKED } else { ROLE };
    match random.below(10) {
        0..4 => json!({"kind": "user", "account": HERE, "arn": USER, "id": USER_ID}),
        4..7 => json!({"kind": "session", "account": HERE, "arn": SESSION, "role": role, "id": ROLE_ID}),
        7 => json!({"kind": "federated", "account": HERE, "arn": FEDERATED, "issuer": USER}),
        8 => json!({"kind": "root", "account": HERE}),
        _ => match random.below(3) {
            0 => json!({"kind": "service", "name": "lambda.amazonaws.com"}),
            1 => json!({"kind": "web", "name": "accounts.google.com"}),
            _ => json!({"kind": "anonymous"}),
        },
    }
}

fn context(random: &mut Random<'_>) -> Value {
    let mut keys = Map::new();
    for (key, _) in KEYS {
        match random.below(5) {
            0 => {}
            1 if random.one_in(3) => {
                let values = (0..random.below(3)).map(|_| value(random, key)).collect();
                keys.insert(key.to_owned(), values);
            }
            _ => {
                let value = value(random, key);
                keys.insert(key.to_owned(), value);
            }
        }
    }
    let many = (0..random.below(3)).map(|_| value(random, "aws:username")).collect();
    keys.insert("x:many".to_owned(), many);
    keys.into()
}

/// Keys and the values that requests and policies have for them.
const KEYS: [(&str, &[&str]); 8] = [
    ("aws:username", &["ana", "bo", "Ana", "a*", "", "ñÑ"]),
    ("aws:PrincipalTag/team", &["ana", "models", "Bo", "ÑÑ", "x"]),
    ("aws:SourceIp", &["203.0.113.7", "::ffff:203.0.113.9", "2001:db8::1", "10.0.0.1", "x"]),
    ("aws:MultiFactorAuthPresent", &["true", "false", "TRUE", "x"]),
    ("x:num", &["1", "2", "-3", "10", "1.50", "1e1", "x"]),
    ("x:date", &["2026-01-01T00:00:00Z", "1767225600", "1767225601", "2025-12-31T23:59:59Z", "x"]),
    ("x:bin", &["YQ==", "Yg==", "!"]),
    (
        "x:arn",
        &["arn:aws:s3:::models/ana", "arn:aws:iam::111122223333:role/team/dev", "x", "arn:aws:s3:::data:x"],
    ),
];

fn value(random: &mut Random<'_>, key: &str) -> Value {
    let values = KEYS.iter().find(|(known, _)| *known == key).unwrap().1;
    if matches!(key, "aws:username" | "aws:PrincipalTag/team" | "x:arn")
        && let Some(text) = random.text()
    {
        return json!(text);
    }
    json!(random.pick(values))
}

fn policy(random: &mut Random<'_>, kind: &str) -> Value {
    let statements = if random.one_in(3) {
        statement(random, kind)
    } else {
        (0..1 + random.below(3)).map(|_| statement(random, kind)).collect()
    };
    match random.below(8) {
        0 => json!({"Statement": statements}),
        1 => json!({"Version": "2008-10-17", "Statement": statements}),
        _ => json!({"Version": "2012-10-17", "Statement": statements}),
    }
}

fn statement(random: &mut Random<'_>, kind: &str) -> Value {
    let deny = random.one_in(4);
    let mut statement = Map::new();
    let mut put = |name: &str, value: Value| statement.insert(name.to_owned(), value);
    put("Effect", json!(if deny { "Deny" } else { "Allow" }));
    let names_actions = matches!(kind, "trust" | "rcp") || !random.one_in(8);
    let actions = random.maybe_list(|random| json!(action(random, kind == "trust")));
    put(if names_actions { "Action" } else { "NotAction" }, actions);
    let optional = matches!(kind, "resource" | "endpoint");
    if kind != "trust" && !(optional && random.one_in(4)) {
        let resources = random.maybe_list(|random| json!(resource(random)));
        put(if random.one_in(6) { "NotResource" } else { "Resource" }, resources);
    }
    match kind {
        "rcp" => drop(put("Principal", json!("*"))),
        "trust" => drop(put("Principal", principals(random))),
        "resource" | "endpoint" => {
            let named = principals(random);
            put(if random.one_in(4) { "NotPrincipal" } else { "Principal" }, named);
        }
        _ => {}
    }
    if random.one_in(2) {
        put("Condition", conditions(random));
    }
    statement.into()
}

fn principals(random: &mut Random<'_>) -> Value {
    const NAMES: [&str; 12] = [
        "*",
        HERE,
        THERE,
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::444455556666:root",
        USER,
        ROLE,
        SESSION,
        FEDERATED,
        USER_ID,
        ROLE_ID,
        "arn:aws:iam::111122223333:user/bo",
    ];
    match random.below(8) {
        0 => json!("*"),
        1 => json!({"Service": "lambda.amazonaws.com"}),
        2 => json!({"Federated": "accounts.google.com", "AWS": random.pick(&NAMES)}),
        3 => json!({"AWS": [USER, HERE]}),
        4 => json!({"AWS": [SESSION, ROLE, HERE]}),
        _ => json!({"AWS": random.maybe_list(|random| json!(random.pick(&NAMES)))}),
    }
}

fn action(random: &mut Random<'_>, trust: bool) -> String {
    if trust {
        return random
            .pick(&["sts:AssumeRole", "sts:*", "sts:Assume*", "sts:*Role", "sts:TagSession"])
            .to_owned();
    }
    if let Some(text) = random.text() {
        return format!("s3:{}", text.replace(':', ""));
    }
    match random.below(8) {
        0 => "*".to_owned(),
        1 => random.pick(&["s3:*", "*:*", "kms:*", "s3:G*t*", "s3:*Object", "*:Get*"]).to_owned(),
        2 | 3 => mutated(random, random_action, 4),
        _ => random_action(random).to_owned(),
    }
}

fn random_action(random: &mut Random<'_>) -> &'static str {
    random.pick(&ACTIONS)
}

fn resource(random: &mut Random<'_>) -> String {
    if let Some(text) = random.text() {
        return if text.starts_with("arn:") { text } else { format!("arn:aws:s3:::{text}") };
    }
    match random.below(4) {
        0 => mutated(random, |random| RESOURCES[random.below(8)], 13),
        1 => RESOURCES[random.below(9)].to_owned(),
        _ => random.pick(&PATTERNS).to_owned(),
    }
}

/// A word cut short with `*`, or with some characters replaced by wildcards; the first `keep` bytes stay.
fn mutated(random: &mut Random<'_>, word: impl Fn(&mut Random<'_>) -> &'static str, keep: usize) -> String {
    let word = word(random);
    let (kept, rest) = word.split_at(keep.min(word.len()));
    let rest: Vec<char> = rest.chars().collect();
    if rest.is_empty() || random.one_in(2) {
        let cut: String = rest.iter().take(random.below(rest.len() + 1)).collect();
        return format!("{kept}{cut}*");
    }
    let mut out = kept.to_owned();
    for c in rest {
        match random.below(10) {
            0 => out.push('?'),
            1 => out.push('*'),
            _ => out.push(c),
        }
    }
    out
}

fn conditions(random: &mut Random<'_>) -> Value {
    let mut all = Map::new();
    for _ in 0..1 + random.below(2) {
        let (key, values) = KEYS[random.below(KEYS.len())];
        let names: &[&str] = match key {
            "aws:SourceIp" => &["IpAddress", "NotIpAddress"],
            "aws:MultiFactorAuthPresent" => &["Bool"],
            "x:num" => &["NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericGreaterThanEquals"],
            "x:date" => &["DateEquals", "DateNotEquals", "DateLessThanEquals", "DateGreaterThan"],
            "x:bin" => &["BinaryEquals"],
            "x:arn" => &["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "StringLike"],
            _ => &[
                "StringEquals",
                "StringNotEquals",
                "StringEqualsIgnoreCase",
                "StringNotEqualsIgnoreCase",
                "StringLike",
                "StringNotLike",
            ],
        };
        if random.one_in(8) {
            all.insert("Null".to_owned(), json!({key: random.pick(&["true", "false"])}));
            continue;
        }
        let (set, rest) =
            (random.pick(&["", "", "ForAllValues:", "ForAnyValue:"]), random.pick(&["", "", "IfExists"]));
        let operator = format!("{set}{}{rest}", random.pick(names));
        let key = if random.one_in(4) { key.to_uppercase() } else { key.to_owned() };
        let good =
            values.iter().filter(|value| **value != "x" && **value != "!").copied().collect::<Vec<_>>();
        let wanted = random.maybe_list(|random| json!(operand(random, &operator, &good)));
        all.insert(operator, json!({key: wanted}));
    }
    all.into()
}

fn operand(random: &mut Random<'_>, operator: &str, good: &[&str]) -> String {
    let text = operator.contains("String");
    if operator.contains("IpAddress") {
        let networks =
            ["203.0.113.0/24", "203.0.113.7", "0.0.0.0/0", "2001:db8::/32", "10.0.0.0/31", "::ffff:10.0.0.1"];
        return random.pick(&networks).to_owned();
    }
    if operator.contains("Arn") && random.one_in(2) {
        let arns = [
            "arn:aws:s3:::*",
            "*",
            "arn:*",
            "${x:arn}",
            "arn:aws:s3:::${x:None}",
            "arn:aws:?3:::models/${aws:username}",
        ];
        return random.pick(&arns).to_owned();
    }
    if operator.contains("Bool") && random.one_in(4) {
        return "${aws:MultiFactorAuthPresent}".to_owned();
    }
    if (text || operator.contains("Arn"))
        && let Some(text) = random.text()
    {
        return text;
    }
    if text && random.one_in(2) {
        let texts = [
            "a*",
            "*",
            "?na",
            "${aws:username}",
            "${x:None}",
            "*${aws:PrincipalTag/team}",
            "${x:None, 'ana'}",
            "${*}*",
        ];
        return random.pick(&texts).to_owned();
    }
    random.pick(good).to_owned()
}
