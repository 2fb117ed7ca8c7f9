//! The policy language as plain code, over plain JSON: what the other evaluators are held against.
//!
//! Written from the rules in `policy`'s documentation and sharing nothing with its code: no parsed documents, no
//! patterns, no context. Slow and short. It expects policies that parse.

use serde_json::{Map, Value};

pub(crate) struct Answer {
    pub(crate) outcome: &'static str,
    pub(crate) decided_by: &'static str,
    /// `policy id` and statement, for each that the decision lists.
    pub(crate) matched: Vec<(String, usize)>,
}

type Layer<'a> = (&'static str, Vec<Vec<(String, &'a Value)>>);

/// In the order in which denies count.
const LAYERS: [(&str, &str); 8] = [
    ("rcp", "ResourceControl"),
    ("scp", "ServiceControl"),
    ("endpoint", "Endpoint"),
    ("resource", "Resource"),
    ("trust", "Trust"),
    ("identity", "Identity"),
    ("boundary", "Boundary"),
    ("session", "Session"),
];

/// The policies of a kind by level, each with its id.
pub(crate) fn levels<'a>(policies: &'a Value, kind: &str) -> Option<Vec<Vec<(String, &'a Value)>>> {
    let named = |level: usize, list: &'a [Value]| {
        let name = |(at, policy): (usize, &'a Value)| (format!("{kind}.{level}.{at}"), policy);
        list.iter().enumerate().map(name).collect::<Vec<_>>()
    };
    let found = policies.get(kind)?;
    Some(match (kind, found) {
        ("scp" | "rcp", Value::Array(levels)) => {
            levels.iter().enumerate().map(|(at, level)| named(at, list(level))).collect()
        }
        (_, Value::Array(all)) => vec![named(0, all)],
        (_, one) => vec![named(0, std::slice::from_ref(one))],
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

struct Asked<'a> {
    who: &'a Value,
    action: String,
    resource: &'a str,
    context: Map<String, Value>,
    bounded: bool,
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn answer(policies: &Value, request: &Value) -> Answer {
    let context = request["context"].as_object().unwrap();
    let who = &request["principal"];
    let asked = Asked {
        who,
        action: text(request, "action").to_lowercase(),
        resource: text(request, "resource"),
        context: context.iter().map(|(key, value)| (key.to_lowercase(), value.clone())).collect(),
        bounded: policies.get("boundary").is_some(),
    };
    let account = who.get("account").and_then(Value::as_str);
    let linked = text(who, "role").contains(":role/aws-service-role/");
    let mut layers: Vec<Layer<'_>> = Vec::new();
    for (kind, name) in LAYERS {
        let none = kind == "scp" && (linked || account.is_none()) || kind == "rcp" && linked;
        match levels(policies, kind) {
            Some(levels) if !none => layers.push((name, levels)),
            None if kind == "identity" => layers.push((name, vec![vec![]])),
            _ => {}
        }
    }
    let (mut denies, mut allows) = (Vec::new(), Vec::new());
    let mut said = Vec::new();
    let mut denied_by = None;
    for (name, levels) in &layers {
        let mut least = 3;
        for level in levels {
            let mut best = 0;
            for (id, policy) in level {
                for (at, statement) in list(&policy["Statement"]).iter().enumerate() {
                    let closeness = applies(&asked, name, policy, statement);
                    if closeness > 0 && statement["Effect"] == "Deny" {
                        denied_by = denied_by.or(Some(*name));
                        denies.push((id.clone(), at));
                    } else if closeness > 0 {
                        best = best.max(closeness);
                        allows.push((id.clone(), at));
                    }
                }
            }
            least = least.min(best);
        }
        said.push((*name, least));
    }
    if let Some(decided_by) = denied_by {
        return Answer { outcome: "explicitDeny", decided_by, matched: denies };
    }
    let owner = request.get("resourceAccount").and_then(Value::as_str);
    let is_root = who["kind"] == "root";
    let is_key = asked.resource.starts_with("arn:") && {
        let parts: Vec<_> = asked.resource.splitn(6, ':').collect();
        parts.len() == 6 && parts[2] == "kms" && parts[5].starts_with("key/")
    };
    let (outcome, decided_by) = match settle(&said, account, owner, is_root, is_key) {
        Ok(by) => ("allowed", by),
        Err(by) => ("implicitDeny", by),
    };
    Answer { outcome, decided_by, matched: allows }
}

/// `said`: for each kind of policy that there is, 0 when nothing allows, else 1 account, 2 role, 3 principal.
fn settle(
    said: &[(&'static str, u8)],
    account: Option<&str>,
    owner: Option<&str>,
    is_root: bool,
    is_key: bool,
) -> Result<&'static str, &'static str> {
    let get = |name: &str| said.iter().find(|(known, _)| *known == name).map(|(_, grant)| *grant);
    let holds_back = |name: &str| get(name) == Some(0);
    for name in ["ServiceControl", "Endpoint"] {
        if holds_back(name) {
            return Err(name);
        }
    }
    let gate = if get("Trust").is_some() { "Trust" } else { "Resource" };
    let grant = get(gate).unwrap_or(0);
    let same = owner.is_none() || owner == account;
    let gate_rules = gate == "Trust" || get(gate).is_some() && is_key;
    if grant == 0 && (gate_rules || account.is_none() || !same) {
        return Err(gate);
    }
    if account.is_none() {
        return Ok(gate);
    }
    let identity = is_root || !holds_back("Identity");
    let limit = ["Boundary", "Session"].into_iter().find(|name| holds_back(name));
    let grant = if same { grant } else { 0 };
    if grant == 3 && (!identity || limit.is_some()) {
        return Ok(gate);
    }
    if grant == 2 && !identity {
        return limit.map_or(Ok(gate), Err);
    }
    if !identity {
        return Err("Identity");
    }
    if let Some(limit) = limit {
        return Err(limit);
    }
    Ok(if gate_rules || !same {
        gate
    } else if is_root {
        "RootUser"
    } else {
        "Identity"
    })
}

fn applies(asked: &Asked<'_>, layer: &str, policy: &Value, statement: &Value) -> u8 {
    let variables = policy["Version"] == "2012-10-17";
    let deny = statement["Effect"] == "Deny";
    let action = |pattern: &Value| {
        let tokens = tokens(&pattern.as_str().unwrap().to_lowercase(), None, true).unwrap();
        glob(&tokens, &asked.action.chars().collect::<Vec<_>>())
    };
    let (actions, wanted) = match statement.get("Action") {
        Some(actions) => (actions, true),
        None => (&statement["NotAction"], false),
    };
    if list(actions).iter().any(action) != wanted {
        return 0;
    }
    let pads = matches!(layer, "Identity" | "Boundary" | "Session");
    let fit = |pattern: &Value| resource(asked, pattern.as_str().unwrap(), variables, pads);
    let fits = match (statement.get("Resource"), statement.get("NotResource")) {
        (Some(resources), _) => list(resources).iter().any(|pattern| fit(pattern) == Some(true)),
        (_, Some(resources)) => {
            let all: Vec<_> = list(resources).iter().map(fit).collect();
            !all.contains(&Some(true)) && (deny || !all.contains(&None))
        }
        _ => true,
    };
    let met = |(operator, keys): (&String, &Value)| {
        let keys = keys.as_object().unwrap();
        keys.iter().all(|(key, values)| condition(asked, operator, key, list(values), variables))
    };
    let conditions = statement.get("Condition").and_then(Value::as_object);
    if !fits || !conditions.is_none_or(|conditions| conditions.iter().all(met)) {
        return 0;
    }
    principal(asked, layer, statement, deny)
}

fn principal(asked: &Asked<'_>, layer: &str, statement: &Value, deny: bool) -> u8 {
    let who = asked.who;
    let has_account = who.get("account").is_some();
    let close = |map: &Value, named_only: bool| -> Vec<u8> {
        let Some(map) = map.as_object() else { return vec![if named_only && !has_account { 0 } else { 3 }] };
        let of_kind = |(kind, names): (&String, &Value)| {
            let name = |name: &Value| match (kind.as_str(), name.as_str().unwrap()) {
                ("AWS", "*") => {
                    if named_only && !has_account {
                        0
                    } else {
                        3
                    }
                }
                ("AWS", name) => aws(who, name),
                ("Service", name) if who["kind"] == "service" && text(who, "name") == name => 3,
                ("Federated", name) if who["kind"] == "web" && text(who, "name") == name => 3,
                _ => 0,
            };
            list(names).iter().map(name).collect::<Vec<_>>()
        };
        map.iter().flat_map(of_kind).collect()
    };
    if let Some(named) = statement.get("Principal") {
        return close(named, layer == "Trust" && !deny).into_iter().max().unwrap_or(0);
    }
    let Some(named) = statement.get("NotPrincipal") else {
        return if matches!(layer, "Identity" | "Boundary" | "Session" | "ServiceControl") { 3 } else { 0 };
    };
    let found = close(named, false);
    let everyone = named == "*" || list(&named["AWS"]).iter().any(|name| name == "*");
    let needed: &[u8] = match text(who, "kind") {
        "session" | "federated" => &[3, 2, 1],
        "user" => &[3, 1],
        _ => &[3],
    };
    let spared = everyone || needed.iter().all(|grant| found.contains(grant));
    let applies = if deny { asked.bounded || !spared } else { found.iter().all(|grant| *grant == 0) };
    if applies { 3 } else { 0 }
}

fn aws(who: &Value, name: &str) -> u8 {
    let Some(account) = who.get("account").and_then(Value::as_str) else { return 0 };
    if name == account || name == format!("arn:aws:iam::{account}:root") {
        return if who["kind"] == "root" { 3 } else { 1 };
    }
    match text(who, "kind") {
        "user" if name == text(who, "arn") || name == text(who, "id") => 3,
        "session" | "federated" if name == text(who, "arn") => 3,
        "session" if name == text(who, "role") || name == text(who, "id") => 2,
        "federated" if name == text(who, "issuer") => 2,
        _ => 0,
    }
}

/// None: a variable has no value.
fn resource(asked: &Asked<'_>, pattern: &str, variables: bool, pads: bool) -> Option<bool> {
    if pattern == "*" {
        return Some(true);
    }
    let mut parts = split(pattern, variables);
    if parts.len() < 6 {
        if !pads && !parts.last().unwrap().ends_with('*') {
            return Some(false);
        }
        parts.resize(6, "*".to_owned());
    }
    arn(asked, &parts, asked.resource, |at| variables && at == 5)
}

fn arn(asked: &Asked<'_>, parts: &[String], name: &str, variables: impl Fn(usize) -> bool) -> Option<bool> {
    let name: Vec<_> = name.splitn(6, ':').collect();
    if name.len() < 6 || name[0] != "arn" {
        return Some(false);
    }
    let mut all = Some(true);
    for (at, (part, name)) in parts.iter().zip(name).enumerate() {
        let context = variables(at).then_some(&asked.context);
        match tokens(part, context, true) {
            None => all = None,
            Some(tokens) if glob(&tokens, &name.chars().collect::<Vec<_>>()) => {}
            Some(_) => return Some(false),
        }
    }
    all
}

/// At the first five colons that do not stand in a variable.
fn split(pattern: &str, variables: bool) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut inside = false;
    let mut before = ' ';
    for c in pattern.chars() {
        inside = if variables && before == '$' && c == '{' { true } else { inside && c != '}' };
        if c == ':' && !inside && parts.len() < 6 {
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().push(c);
        }
        before = c;
    }
    parts
}

#[derive(Clone, Copy)]
enum Token {
    Char(char),
    One,
    Any,
}

/// None: a variable has no single value.
fn tokens(pattern: &str, context: Option<&Map<String, Value>>, wildcards: bool) -> Option<Vec<Token>> {
    let mut all = Vec::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        if let (Some(context), Some(inside)) = (context, rest.strip_prefix("${")) {
            let (expression, after) = inside.split_once('}').unwrap();
            rest = after;
            let (key, default) = match expression.split_once(',') {
                Some((key, default)) => (key, Some(default.trim().trim_matches('\''))),
                None => (expression, None),
            };
            let value = match (key, context.get(&key.to_lowercase())) {
                ("*" | "?" | "$", _) => key,
                (_, Some(Value::String(value))) => value,
                (_, Some(Value::Array(values))) if !values.is_empty() => return None,
                _ => default?,
            };
            all.extend(value.chars().map(Token::Char));
            continue;
        }
        all.push(match c {
            '*' if wildcards => Token::Any,
            '?' if wildcards => Token::One,
            c => Token::Char(c),
        });
        rest = rest.get(c.len_utf8()..).unwrap();
    }
    Some(all)
}

fn glob(tokens: &[Token], text: &[char]) -> bool {
    match (tokens, text) {
        ([], _) => text.is_empty(),
        ([Token::Any, rest @ ..], _) => (0..=text.len()).any(|skip| glob(rest, &text[skip..])),
        ([Token::One, rest @ ..], [_, after @ ..]) => glob(rest, after),
        ([Token::Char(wanted), rest @ ..], [c, after @ ..]) => c == wanted && glob(rest, after),
        _ => false,
    }
}

fn condition(asked: &Asked<'_>, operator: &str, key: &str, values: &[Value], variables: bool) -> bool {
    let (set, rest) = operator.split_once(':').unwrap_or(("", operator));
    let name = rest.strip_suffix("IfExists").unwrap_or(rest);
    let found = asked.context.get(&key.to_lowercase()).filter(|found| **found != Value::Array(vec![]));
    let written: Vec<String> =
        values.iter().map(|v| v.as_str().map_or(v.to_string(), str::to_owned)).collect();
    if name == "Null" {
        return written.contains(&found.is_none().to_string());
    }
    let negated = name.contains("Not");
    let Some(found) = found else {
        return rest.ends_with("IfExists") || set == "ForAllValues" || set.is_empty() && negated;
    };
    let holds = |value: &Value| {
        let value = value.as_str().unwrap();
        written.iter().any(|wanted| compare(asked, name, value, wanted, variables)) != negated
    };
    match (set, found) {
        ("", Value::Array(_)) => false,
        ("", one) => holds(one),
        ("ForAllValues", all) => *all == "" || list(all).iter().all(holds),
        (_, all) => *all != "" && list(all).iter().any(holds),
    }
}

fn compare(asked: &Asked<'_>, name: &str, value: &str, wanted: &str, variables: bool) -> bool {
    let context = variables.then_some(&asked.context);
    let is = |value: &str, wanted: &str, wildcards| {
        tokens(wanted, context, wildcards).is_some_and(|t| glob(&t, &value.chars().collect::<Vec<_>>()))
    };
    let plain = name.replace("Not", "");
    match plain.as_str() {
        "StringEquals" => is(value, wanted, false),
        "StringEqualsIgnoreCase" | "Bool" => {
            let fold =
                |t: Token| if let Token::Char(c) = t { c.to_lowercase().to_string() } else { "*".into() };
            let wanted =
                tokens(wanted, context, false).map(|all| all.into_iter().map(fold).collect::<String>());
            let value = value.to_lowercase();
            let is_flag = value == "true" || value == "false";
            wanted == Some(value) && (plain != "Bool" || is_flag)
        }
        "StringLike" => is(value, wanted, true),
        "ArnEquals" | "ArnLike" => {
            if variables
                && wanted.starts_with("${")
                && wanted.ends_with('}')
                && wanted.matches('$').count() == 1
            {
                return value.starts_with("arn:")
                    && value.matches(':').count() > 4
                    && is(value, wanted, true);
            }
            let mut parts = split(wanted, variables);
            if parts.len() < 6 && parts.last().unwrap().ends_with('*') {
                parts.resize(6, "*".to_owned());
            }
            parts.len() == 6 && arn(asked, &parts, value, |_| variables) == Some(true)
        }
        "IpAddress" => match (network(value), network(wanted)) {
            (Some((address, 128)), Some((base, length))) => {
                let mask = if length == 0 { 0 } else { u128::MAX << (128 - length) };
                !value.contains('/') && address & mask == base & mask
            }
            _ => false,
        },
        "BinaryEquals" => value == wanted && value.len().is_multiple_of(4),
        _ => {
            let read = if plain.starts_with("Numeric") { number } else { date };
            let (Some(value), Some(wanted)) = (read(value), read(wanted)) else { return false };
            match plain.trim_start_matches("Numeric").trim_start_matches("Date") {
                "Equals" => value == wanted,
                "LessThan" => value < wanted,
                "LessThanEquals" => value <= wanted,
                "GreaterThan" => value > wanted,
                _ => value >= wanted,
            }
        }
    }
}

/// As 128 bits and how many of them count; IPv4 mapped into IPv6.
fn network(text: &str) -> Option<(u128, u32)> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let address: std::net::IpAddr = address.parse().ok()?;
    Some(match address.to_canonical() {
        std::net::IpAddr::V4(four) => (u128::from(four.to_ipv6_mapped()), 96 + length.unwrap_or(32)),
        std::net::IpAddr::V6(six) => (u128::from(six), length.unwrap_or(128)),
    })
}

fn number(text: &str) -> Option<f64> {
    text.parse()
        .ok()
        .filter(|_| !text.is_empty() && text.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
}

/// Seconds since 1970 of `YYYY-MM-DDThh:mm:ssZ` or of digits.
fn date(text: &str) -> Option<f64> {
    if text.len() != 4 && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok();
    }
    let at = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<i64>().ok());
    if text.len() != 20 {
        return None;
    }
    let (year, month, day) = (at(0, 4)?, at(5, 7)?, at(8, 10)?);
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 719_469;
    Some((days * 86_400 + at(11, 13)? * 3600 + at(14, 16)? * 60 + at(17, 19)?) as f64)
}
