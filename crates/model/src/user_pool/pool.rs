//! A user pool: who may sign in, and by which rules.

use std::collections::BTreeMap;

use garita_policy::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::user_pool::attribute::{AttributeSpec, STANDARD};
use crate::user_pool::id::PoolId;

/// A user pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserPool {
    /// Its id, part of its ARN and of its issuer.
    pub id: PoolId,
    /// The account it belongs to.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// Its name, for people.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
    /// What is asked of passwords.
    pub password_policy: PoolPasswordPolicy,
    /// Whether a second factor is asked for.
    pub mfa: MfaMode,
    /// Whether authenticator apps are a second factor here.
    pub software_token: bool,
    /// What people may begin a sign-in with.
    #[serde(default = "FirstFactor::usual")]
    pub first_factors: Vec<FirstFactor>,
    /// What is asked of passkeys.
    #[serde(default)]
    pub web_authn: WebAuthnSettings,
    /// Whether it cannot be deleted until this is off.
    pub deletion_protection: bool,
    /// Whether names that differ in case only are different.
    pub case_sensitive: bool,
    /// What people sign up with in place of a name.
    pub username_attributes: Vec<SignInAttribute>,
    /// What people may sign in with besides their name.
    pub alias_attributes: Vec<SignInAttribute>,
    /// What is proved by a code at sign-up.
    pub auto_verified: Vec<SignInAttribute>,
    /// What is only changed once the new value is proved.
    pub verified_before_update: Vec<SignInAttribute>,
    /// Where a code for a forgotten password goes, best first.
    pub recovery: Vec<RecoveryMechanism>,
    /// Attributes the pool added, and standard ones that it changed.
    pub schema: Vec<AttributeSpec>,
    /// Whether only administrators make users.
    pub admin_only_sign_up: bool,
    /// What the e-mails say.
    pub messages: Messages,
    /// The feature plan, which is kept and shown.
    pub tier: String,
    /// The mode of advanced security, which is kept and shown.
    pub advanced_security: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl UserPool {
    /// `arn:aws:cognito-idp:{region}:{account}:userpool/{id}`.
    pub fn arn(&self) -> String {
        format!("arn:aws:cognito-idp:{}:{}:userpool/{}", self.id.region(), self.account, self.id)
    }

    /// An attribute of the schema.
    pub fn attribute(&self, name: &str) -> Option<AttributeSpec> {
        let own = self.schema.iter().find(|spec| spec.name == name);
        own.cloned().or_else(|| AttributeSpec::standard(name))
    }

    /// The whole schema: standard attributes, then the pool's own.
    pub fn attributes(&self) -> Vec<AttributeSpec> {
        let standard = STANDARD.iter().filter_map(|(name, _)| self.attribute(name));
        standard.chain(self.custom().cloned()).collect()
    }

    /// The attributes the pool added.
    pub fn custom(&self) -> impl Iterator<Item = &AttributeSpec> {
        self.schema.iter().filter(|spec| AttributeSpec::standard(&spec.name).is_none())
    }

    /// Whether people may have passkeys here.
    pub fn has_passkeys(&self) -> bool {
        self.web_authn.multi_factor || self.first_factors.contains(&FirstFactor::WebAuthn)
    }

    /// What is asked of passwords, by the pool's tag if it has one, else by its policy. NIST asks for fifteen characters,
    /// or eight where a second factor is always asked for, and for no kinds of them.
    pub fn passwords(&self) -> PoolPasswordPolicy {
        let held = &self.password_policy;
        let nist = self.password_profile().map_or(held.hard_to_guess, |said| said == PasswordProfile::Nist);
        let bare = PoolPasswordPolicy {
            temporary_days: held.temporary_days,
            history: held.history,
            ..PoolPasswordPolicy::default()
        };
        match (nist, held.hard_to_guess) {
            (true, _) => PoolPasswordPolicy {
                min_length: if self.mfa == MfaMode::On { 8 } else { 15 },
                uppercase: false,
                lowercase: false,
                numbers: false,
                symbols: false,
                hard_to_guess: true,
                ..bare
            },
            (false, true) => bare,
            (false, false) => held.clone(),
        }
    }

    /// The text by which a name is unique here.
    pub fn name_key(&self, name: &str) -> String {
        if self.case_sensitive { name.to_owned() } else { name.to_lowercase() }
    }
}

/// What a pool asks of passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "Cognito's own switches")]
pub struct PoolPasswordPolicy {
    /// Fewest characters, 6 to 99.
    pub min_length: u32,
    /// At least one upper-case letter.
    pub uppercase: bool,
    /// At least one lower-case letter.
    pub lowercase: bool,
    /// At least one digit.
    pub numbers: bool,
    /// At least one symbol.
    pub symbols: bool,
    /// Days a password set by an administrator is good for.
    pub temporary_days: u32,
    /// How many former passwords cannot be used again, 0 to 24.
    pub history: u32,
    /// Whether NIST's rules hold in place of lengths and kinds: [`UserPool::passwords`] says which.
    #[serde(default)]
    pub hard_to_guess: bool,
}

/// Which rules a pool has that was given none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum PasswordProfile {
    /// NIST SP 800-63B-4, section 3.1.1.
    #[default]
    #[serde(rename = "nist-800-63b-4")]
    Nist,
    /// Cognito's usual ones.
    #[serde(rename = "cognito")]
    Cognito,
}

impl PasswordProfile {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Nist, Self::Cognito];

    /// The word in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nist => "nist-800-63b-4",
            Self::Cognito => "cognito",
        }
    }

    /// What a pool has of this profile.
    pub fn policy(self) -> PoolPasswordPolicy {
        PoolPasswordPolicy { hard_to_guess: self == Self::Nist, ..PoolPasswordPolicy::default() }
    }
}

impl Default for PoolPasswordPolicy {
    /// A pool's policy when its creator names none.
    fn default() -> Self {
        Self {
            min_length: 8,
            uppercase: true,
            lowercase: true,
            numbers: true,
            symbols: true,
            temporary_days: 7,
            history: 0,
            hard_to_guess: false,
        }
    }
}

/// Whether a pool asks for a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum MfaMode {
    /// Of nobody.
    #[default]
    Off,
    /// Of who set one up.
    Optional,
    /// Of everyone.
    On,
}

/// What a sign-in may begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FirstFactor {
    /// A password, sent or proved.
    Password,
    /// A passkey.
    WebAuthn,
}

impl FirstFactor {
    /// What it is when nobody says.
    pub fn usual() -> Vec<Self> {
        vec![Self::Password]
    }
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "PASSWORD",
            Self::WebAuthn => "WEB_AUTHN",
        }
    }
}

/// What a pool asks of passkeys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WebAuthnSettings {
    /// The relying party; the host that the pool's issuer names when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relying_party: Option<String>,
    /// Whether authenticators must always know their user.
    #[serde(default)]
    pub verification_required: bool,
    /// Whether a passkey whose authenticator knew its user is as good as two factors, and a second factor at all.
    #[serde(default)]
    pub multi_factor: bool,
}

/// An attribute that finds a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SignInAttribute {
    /// `email`.
    Email,
    /// `phone_number`.
    PhoneNumber,
    /// `preferred_username`.
    PreferredUsername,
}

impl SignInAttribute {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Email, Self::PhoneNumber, Self::PreferredUsername];

    /// The attribute's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::PhoneNumber => "phone_number",
            Self::PreferredUsername => "preferred_username",
        }
    }
    /// The attribute that says whether it was proved; a preferred name needs no proof.
    pub fn proof(self) -> Option<&'static str> {
        match self {
            Self::Email => Some("email_verified"),
            Self::PhoneNumber => Some("phone_number_verified"),
            Self::PreferredUsername => None,
        }
    }
}

/// Where a code for a forgotten password goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecoveryMechanism {
    /// To the proved e-mail address.
    VerifiedEmail,
    /// To the proved phone number.
    VerifiedPhoneNumber,
    /// Nowhere: an administrator must help.
    AdminOnly,
}

/// What a pool's e-mails say. `{####}` stands for the code, `{username}` for the name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Messages {
    /// Subject of e-mails with a code.
    pub verification_subject: Option<String>,
    /// Text of e-mails with a code.
    pub verification: Option<String>,
    /// Subject of invitations.
    pub invitation_subject: Option<String>,
    /// Text of invitations.
    pub invitation: Option<String>,
}
