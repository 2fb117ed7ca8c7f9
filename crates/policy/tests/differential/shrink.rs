//! From a case on which the evaluators disagree to a smallest one: as long as anything can be left out, it is.

use serde_json::Value;

use crate::subject::Subject;

/// What the evaluators do not agree on; none for a case that is not one.
pub(crate) fn disagreement(case: &Value) -> Option<String> {
    Subject::read(case.get("policies")?)?.disagreement(case.get("request")?)
}

/// A case with as little in it as still makes them disagree.
pub(crate) fn shrink(mut case: Value) -> Value {
    while let Some(smaller) = smaller(&case).into_iter().find(|smaller| disagreement(smaller).is_some()) {
        case = smaller;
    }
    case
}

/// The case with one thing left out, or one list replaced by its only entry.
fn smaller(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => {
            let without = |at: usize| {
                let kept = items.iter().enumerate().filter(|(index, _)| *index != at);
                kept.map(|(_, item)| item.clone()).collect()
            };
            let mut all: Vec<Value> = (0..items.len()).map(without).collect();
            if let [only] = items.as_slice() {
                all.push(only.clone());
            }
            for (at, item) in items.iter().enumerate() {
                all.extend(smaller(item).into_iter().map(|item| {
                    let mut items = items.clone();
                    items[at] = item;
                    Value::Array(items)
                }));
            }
            all
        }
        Value::Object(members) => {
            let mut all = Vec::new();
            for (name, member) in members {
                let mut without = members.clone();
                without.remove(name);
                all.push(Value::Object(without));
                all.extend(smaller(member).into_iter().map(|member| {
                    let mut members = members.clone();
                    members.insert(name.clone(), member);
                    Value::Object(members)
                }));
            }
            all
        }
        _ => Vec::new(),
    }
}
