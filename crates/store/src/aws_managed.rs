//! The managed policies with AWS's names that are part of the program; the texts are our own.
//!
//! INVARIANT: ids and ARNs never change, because principals refer to them.

/// A managed policy that belongs to no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AwsManagedPolicy {
    /// Its name.
    pub name: &'static str,
    /// `arn:aws:iam::aws:policy/{name}`.
    pub arn: &'static str,
    /// `ANPA…`.
    pub id: &'static str,
    /// For people.
    pub description: &'static str,
    /// The document of its only version, `v1`.
    pub document: &'static str,
    /// When it was made (RFC 3339).
    pub created: &'static str,
    /// When it last changed (RFC 3339).
    pub updated: &'static str,
}

const SINCE: &str = "2026-01-01T00:00:00Z";

static POLICIES: [AwsManagedPolicy; 4] = [
    AwsManagedPolicy {
        name: "AdministratorAccess",
        arn: "arn:aws:iam::aws:policy/AdministratorAccess",
        id: "ANPAGARITAADMINISTRAT",
        description: "Everything, on everything.",
        document: include_str!("aws_managed/administrator_access.json"),
        created: SINCE,
        updated: SINCE,
    },
    AwsManagedPolicy {
        name: "IAMFullAccess",
        arn: "arn:aws:iam::aws:policy/IAMFullAccess",
        id: "ANPAGARITAIAMFULLACCE",
        description: "Everything in IAM.",
        document: include_str!("aws_managed/iam_full_access.json"),
        created: SINCE,
        updated: SINCE,
    },
    AwsManagedPolicy {
        name: "IAMReadOnlyAccess",
        arn: "arn:aws:iam::aws:policy/IAMReadOnlyAccess",
        id: "ANPAGARITAIAMREADONLY",
        description: "Everything in IAM that only reads, and the policy simulator.",
        document: include_str!("aws_managed/iam_read_only_access.json"),
        created: SINCE,
        updated: SINCE,
    },
    AwsManagedPolicy {
        name: "ReadOnlyAccess",
        arn: "arn:aws:iam::aws:policy/ReadOnlyAccess",
        id: "ANPAGARITAREADONLYACC",
        description: "Every operation that only reads, in every service.",
        document: include_str!("aws_managed/read_only_access.json"),
        created: SINCE,
        updated: SINCE,
    },
];

/// The managed policies with AWS's names, in the order of their names.
pub fn aws_managed() -> &'static [AwsManagedPolicy] {
    &POLICIES
}
