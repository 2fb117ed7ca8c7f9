//! `ResourceHandlingOption`: the scenarios of launching an EC2 instance, each of which needs certain resources.
//!
//! A scenario changes no decision; it makes sure that nothing the launch touches was left out.
//! IAM API reference, `SimulateCustomPolicy`.

use super::input::BadInput;
use crate::resource::ArnParts;

const FIELD: &str = "ResourceHandlingOption";
/// What every launch needs.
const ALWAYS: [&str; 4] = ["instance", "image", "security-group", "network-interface"];
/// The scenarios, and what each needs besides.
const SCENARIOS: [(&str, &[&str]); 4] = [
    ("EC2-VPC-InstanceStore", &[]),
    ("EC2-VPC-InstanceStore-Subnet", &["subnet"]),
    ("EC2-VPC-EBS", &["volume"]),
    ("EC2-VPC-EBS-Subnet", &["subnet", "volume"]),
];

/// Checks that the resources are those of the scenario.
pub(super) fn check(scenario: &str, resources: &[String]) -> Result<(), BadInput> {
    let Some((_, besides)) = SCENARIOS.iter().find(|(name, _)| *name == scenario) else {
        let known = SCENARIOS.map(|(name, _)| name).join(", ");
        return Err(BadInput::new(FIELD, scenario, &format!("is no scenario; known are {known}")));
    };
    let given = |kind: &str| {
        resources.iter().filter_map(|text| ArnParts::split(text)).any(|arn| {
            let found = arn.resource().split_once('/').map(|(found, _)| found);
            arn.part(2) == "ec2" && found == Some(kind)
        })
    };
    match ALWAYS.iter().chain(*besides).find(|kind| !given(kind)) {
        None => Ok(()),
        Some(kind) => {
            let problem = format!("needs a resource of type `{kind}` in `ResourceArns`");
            Err(BadInput::new(FIELD, scenario, &problem))
        }
    }
}
