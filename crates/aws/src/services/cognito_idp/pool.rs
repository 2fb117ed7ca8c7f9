//! User pools.

use std::collections::BTreeMap;

use garita_app::user_pool::{NewPool, PoolDetail, PoolSettings};
use garita_model::UserPool;
use garita_model::user_pool::pool::{Messages, RecoveryMechanism};
use garita_model::user_pool::{
    AttributeSpec, AttributeType, FirstFactor, MfaMode, PoolFault, PoolId, PoolPasswordPolicy,
    SignInAttribute,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Nothing, at, done, inputs, paged, part, told};
use crate::call::Answer;
use crate::errors::Refusal;
use crate::json::JsonCall;

/// `UserPoolMfaType`.
#[derive(Deserialize, Serialize, Clone, Copy)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum MfaWord {
    Off,
    On,
    Optional,
}

impl From<MfaWord> for MfaMode {
    fn from(word: MfaWord) -> Self {
        match word {
            MfaWord::Off => Self::Off,
            MfaWord::On => Self::On,
            MfaWord::Optional => Self::Optional,
        }
    }
}
impl From<MfaMode> for MfaWord {
    fn from(mode: MfaMode) -> Self {
        match mode {
            MfaMode::Off => Self::Off,
            MfaMode::On => Self::On,
            MfaMode::Optional => Self::Optional,
        }
    }
}

/// `DeletionProtectionType`.
#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Protection {
    Active,
    Inactive,
}

/// `AliasAttributeType`, `UsernameAttributeType` and `VerifiedAttributeType`.
#[derive(Deserialize, Serialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AttributeWord {
    Email,
    PhoneNumber,
    PreferredUsername,
}

impl From<AttributeWord> for SignInAttribute {
    fn from(word: AttributeWord) -> Self {
        match word {
            AttributeWord::Email => Self::Email,
            AttributeWord::PhoneNumber => Self::PhoneNumber,
            AttributeWord::PreferredUsername => Self::PreferredUsername,
        }
    }
}

/// `RecoveryOptionNameType`.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RecoveryWord {
    VerifiedEmail,
    VerifiedPhoneNumber,
    AdminOnly,
}

/// `AuthFactorType`.
#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum FirstFactorWord {
    Password,
    WebAuthn,
}

impl From<FirstFactorWord> for FirstFactor {
    fn from(word: FirstFactorWord) -> Self {
        match word {
            FirstFactorWord::Password => Self::Password,
            FirstFactorWord::WebAuthn => Self::WebAuthn,
        }
    }
}

/// `DefaultEmailOptionType`: links need pages that are not here.
#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum EmailOption {
    ConfirmWithCode,
}

/// `EmailSendingAccountType`: the server that Garita is configured with.
#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum SendingAccount {
    CognitoDefault,
}

/// `UserPoolTierType`.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Tier {
    Lite,
    Essentials,
    Plus,
}

/// `AdvancedSecurityModeType`.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum SecurityMode {
    Off,
    Audit,
    Enforced,
}

inputs! {
    PasswordPolicy {
        minimum_length: Option<u32>,
        require_uppercase: Option<bool>,
        require_lowercase: Option<bool>,
        require_numbers: Option<bool>,
        require_symbols: Option<bool>,
        password_history_size: Option<u32>,
        temporary_password_validity_days: Option<u32>,
    }
    SignInPolicy { allowed_first_auth_factors: Option<Vec<FirstFactorWord>> }
    Policies { password_policy: Option<PasswordPolicy>, sign_in_policy: Option<SignInPolicy> }
    VerificationTemplate {
        email_message: Option<String>,
        email_subject: Option<String>,
        default_email_option: Option<EmailOption>,
    }
    UpdateSettings { attributes_require_verification_before_update: Option<Vec<AttributeWord>> }
    EmailConfiguration { email_sending_account: Option<SendingAccount> }
    InviteTemplate { email_message: Option<String>, email_subject: Option<String> }
    AdminCreate {
        allow_admin_create_user_only: Option<bool>,
        unused_account_validity_days: Option<u32>,
        invite_message_template: Option<InviteTemplate>,
    }
    AddOns { advanced_security_mode: SecurityMode }
    UsernameConfiguration { case_sensitive: bool }
    Mechanism { priority: u32, name: RecoveryWord }
    Recovery { recovery_mechanisms: Option<Vec<Mechanism>> }
    NumberBounds { min_value: Option<String>, max_value: Option<String> }
    StringBounds { min_length: Option<String>, max_length: Option<String> }
    Attribute {
        name: String,
        attribute_data_type: Option<AttributeType>,
        developer_only_attribute: Option<bool>,
        mutable: Option<bool>,
        required: Option<bool>,
        number_attribute_constraints: Option<NumberBounds>,
        string_attribute_constraints: Option<StringBounds>,
    }
    Named { user_pool_id: PoolId }
    List { max_results: u32, next_token: Option<String> }
    AddAttributes { user_pool_id: PoolId, custom_attributes: Vec<Attribute> }
}

/// What creating and updating have in common.
macro_rules! settings {
    ($($name:ident { $($own:ident: $type:ty),* };)*) => {
        inputs! {$(
            $name {
                $($own: $type,)*
                policies: Option<Policies>,
                deletion_protection: Option<Protection>,
                lambda_config: Option<Nothing>,
                auto_verified_attributes: Option<Vec<AttributeWord>>,
                email_verification_message: Option<String>,
                email_verification_subject: Option<String>,
                verification_message_template: Option<VerificationTemplate>,
                mfa_configuration: Option<MfaWord>,
                user_attribute_update_settings: Option<UpdateSettings>,
                email_configuration: Option<EmailConfiguration>,
                user_pool_tags: Option<BTreeMap<String, String>>,
                admin_create_user_config: Option<AdminCreate>,
                user_pool_add_ons: Option<AddOns>,
                account_recovery_setting: Option<Recovery>,
                user_pool_tier: Option<Tier>,
            }
        )*}
        $(impl $name {
            fn settings(mut self) -> PoolSettings {
                let first_factors = self.policies.as_mut().and_then(|policies| policies.sign_in_policy.take());
                let first_factors = first_factors.and_then(|policy| policy.allowed_first_auth_factors);
                let template = self.verification_message_template;
                let (text, subject) = match template {
                    Some(template) => (template.email_message, template.email_subject),
                    None => (None, None),
                };
                let create = self.admin_create_user_config;
                let days = create.as_ref().and_then(|create| create.unused_account_validity_days);
                let admin_only = create.as_ref().and_then(|create| create.allow_admin_create_user_only);
                let invite = create.and_then(|create| create.invite_message_template);
                let (invitation, invitation_subject) = match invite {
                    Some(invite) => (invite.email_message, invite.email_subject),
                    None => (None, None),
                };
                PoolSettings {
                    password_policy: policy(self.policies, days),
                    temporary_days: days,
                    mfa: self.mfa_configuration.map(Into::into),
                    first_factors: first_factors.map(|words| words.into_iter().map(Into::into).collect()),
                    deletion_protection: self.deletion_protection.map(|word| word == Protection::Active),
                    auto_verified: self.auto_verified_attributes.map(attributes),
                    verified_before_update: self
                        .user_attribute_update_settings
                        .and_then(|settings| settings.attributes_require_verification_before_update)
                        .map(attributes),
                    recovery: self.account_recovery_setting.and_then(|setting| recovery(setting.recovery_mechanisms)),
                    admin_only_sign_up: admin_only,
                    messages: Messages {
                        verification_subject: subject.or(self.email_verification_subject),
                        verification: text.or(self.email_verification_message),
                        invitation_subject,
                        invitation,
                    },
                    tier: self.user_pool_tier.map(|tier| word(&tier)),
                    advanced_security: self.user_pool_add_ons.map(|add_ons| word(&add_ons.advanced_security_mode)),
                    tags: self.user_pool_tags,
                }
            }
        })*
    };
}

settings! {
    Create {
        pool_name: String,
        alias_attributes: Option<Vec<AttributeWord>>,
        username_attributes: Option<Vec<AttributeWord>>,
        schema: Option<Vec<Attribute>>,
        username_configuration: Option<UsernameConfiguration>
    };
    Update { user_pool_id: PoolId, pool_name: Option<String> };
}

/// A word as the wire has it.
fn word(value: &impl Serialize) -> String {
    match json!(value) {
        Value::String(word) => word,
        _ => String::new(),
    }
}

fn attributes(words: Vec<AttributeWord>) -> Vec<SignInAttribute> {
    words.into_iter().map(Into::into).collect()
}

fn policy(policies: Option<Policies>, days: Option<u32>) -> Option<PoolPasswordPolicy> {
    let usual = PoolPasswordPolicy::default();
    let given = policies.and_then(|policies| policies.password_policy)?;
    Some(PoolPasswordPolicy {
        min_length: given.minimum_length.unwrap_or(usual.min_length),
        uppercase: given.require_uppercase.unwrap_or_default(),
        lowercase: given.require_lowercase.unwrap_or_default(),
        numbers: given.require_numbers.unwrap_or_default(),
        symbols: given.require_symbols.unwrap_or_default(),
        temporary_days: given.temporary_password_validity_days.or(days).unwrap_or(usual.temporary_days),
        history: given.password_history_size.unwrap_or_default(),
        hard_to_guess: false,
    })
}

fn recovery(mechanisms: Option<Vec<Mechanism>>) -> Option<Vec<RecoveryMechanism>> {
    let mut mechanisms = mechanisms?;
    mechanisms.sort_by_key(|mechanism| mechanism.priority);
    let named = mechanisms.into_iter().map(|mechanism| match mechanism.name {
        RecoveryWord::VerifiedEmail => RecoveryMechanism::VerifiedEmail,
        RecoveryWord::VerifiedPhoneNumber => RecoveryMechanism::VerifiedPhoneNumber,
        RecoveryWord::AdminOnly => RecoveryMechanism::AdminOnly,
    });
    Some(named.collect())
}

/// An attribute for a pool's schema; `custom:` is put before a name that is no standard one.
fn spec(given: Attribute, only_own: bool) -> Result<AttributeSpec, Refusal> {
    let number = |text: Option<String>| {
        text.map(|text| {
            text.parse::<i64>()
                .map_err(|_| PoolFault::InvalidParameter.because(format!("`{text}` is no whole number")))
        })
        .transpose()
    };
    let standard = (!only_own).then(|| AttributeSpec::standard(&given.name)).flatten();
    let bounds = match (given.string_attribute_constraints, given.number_attribute_constraints) {
        (Some(_), Some(_)) => {
            return Err(PoolFault::InvalidParameter
                .because("an attribute has constraints of one type")
                .into());
        }
        (Some(text), None) => (number(text.min_length)?, number(text.max_length)?),
        (None, Some(bounds)) => (number(bounds.min_value)?, number(bounds.max_value)?),
        (None, None) => match &standard {
            Some(spec) => (spec.least, spec.most),
            None => (None, None),
        },
    };
    let prefix = if given.developer_only_attribute == Some(true) { "dev:custom:" } else { "custom:" };
    let kind = standard.as_ref().map_or(AttributeType::String, |spec| spec.kind);
    Ok(AttributeSpec {
        name: if standard.is_some() { given.name } else { format!("{prefix}{}", given.name) },
        kind: given.attribute_data_type.unwrap_or(kind),
        mutable: given.mutable.unwrap_or(true),
        required: given.required.unwrap_or_default(),
        developer_only: given.developer_only_attribute.unwrap_or_default(),
        least: bounds.0,
        most: bounds.1,
    })
}

pub(crate) async fn create(call: JsonCall<'_>, mut input: Create) -> Result<Answer, Refusal> {
    let schema = input.schema.take().unwrap_or_default().into_iter().map(|given| spec(given, false));
    let new = NewPool {
        name: std::mem::take(&mut input.pool_name),
        case_sensitive: input.username_configuration.take().is_some_and(|given| given.case_sensitive),
        username_attributes: input.username_attributes.take().map(attributes).unwrap_or_default(),
        alias_attributes: input.alias_attributes.take().map(attributes).unwrap_or_default(),
        schema: schema.collect::<Result<_, _>>()?,
        settings: input.settings(),
    };
    let made = call.app.create_user_pool(call.cx, new).await?;
    Ok(told(json!({ "UserPool": whole(&made) })))
}

pub(crate) async fn describe(call: JsonCall<'_>, input: Named) -> Result<Answer, Refusal> {
    let found = call.app.describe_user_pool(call.cx, &input.user_pool_id)?;
    Ok(told(json!({ "UserPool": whole(&found) })))
}

pub(crate) async fn list(call: JsonCall<'_>, input: List) -> Result<Answer, Refusal> {
    let page = call.app.list_user_pools(call.cx, &part(input.next_token, Some(input.max_results)))?;
    Ok(paged("UserPools", "NextToken", &page, |pool| {
        json!({
            "Id": pool.id.as_str(),
            "Name": pool.name,
            "LambdaConfig": {},
            "LastModifiedDate": at(pool.modified),
            "CreationDate": at(pool.created),
        })
    }))
}

pub(crate) async fn update(call: JsonCall<'_>, mut input: Update) -> Result<Answer, Refusal> {
    let (id, name) = (input.user_pool_id.clone(), input.pool_name.take());
    call.app.update_user_pool(call.cx, id, name, input.settings()).await?;
    Ok(done())
}

pub(crate) async fn delete(call: JsonCall<'_>, input: Named) -> Result<Answer, Refusal> {
    call.app.delete_user_pool(call.cx, input.user_pool_id).await?;
    Ok(done())
}

pub(crate) async fn add_custom_attributes(
    call: JsonCall<'_>,
    input: AddAttributes,
) -> Result<Answer, Refusal> {
    let more = input.custom_attributes.into_iter().map(|given| spec(given, true));
    let more = more.collect::<Result<_, _>>()?;
    call.app.add_custom_attributes(call.cx, input.user_pool_id, more).await?;
    Ok(done())
}

fn whole(detail: &PoolDetail) -> Value {
    let pool: &UserPool = &detail.pool;
    let words = |attributes: &[SignInAttribute]| {
        (!attributes.is_empty()).then(|| attributes.iter().map(|a| a.as_str()).collect::<Vec<_>>())
    };
    let policy = &pool.passwords();
    let messages = &pool.messages;
    json!({
        "Id": pool.id.as_str(),
        "Name": pool.name,
        "Arn": pool.arn(),
        "Policies": {
            "PasswordPolicy": {
                "MinimumLength": policy.min_length,
                "RequireUppercase": policy.uppercase,
                "RequireLowercase": policy.lowercase,
                "RequireNumbers": policy.numbers,
                "RequireSymbols": policy.symbols,
                "PasswordHistorySize": (policy.history > 0).then_some(policy.history),
                "TemporaryPasswordValidityDays": policy.temporary_days,
            },
            "SignInPolicy": { "AllowedFirstAuthFactors": pool.first_factors.iter().map(|factor| factor.as_str()).collect::<Vec<_>>() },
        },
        "DeletionProtection": if pool.deletion_protection { "ACTIVE" } else { "INACTIVE" },
        "LambdaConfig": {},
        "LastModifiedDate": at(pool.modified),
        "CreationDate": at(pool.created),
        "SchemaAttributes": pool.attributes().iter().map(schema).collect::<Vec<_>>(),
        "AutoVerifiedAttributes": words(&pool.auto_verified),
        "AliasAttributes": words(&pool.alias_attributes),
        "UsernameAttributes": words(&pool.username_attributes),
        "EmailVerificationMessage": messages.verification,
        "EmailVerificationSubject": messages.verification_subject,
        "VerificationMessageTemplate": {
            "DefaultEmailOption": "CONFIRM_WITH_CODE",
            "EmailMessage": messages.verification,
            "EmailSubject": messages.verification_subject,
        },
        "UserAttributeUpdateSettings": {
            "AttributesRequireVerificationBeforeUpdate":
                pool.verified_before_update.iter().map(|a| a.as_str()).collect::<Vec<_>>(),
        },
        "MfaConfiguration": MfaWord::from(pool.mfa),
        "EstimatedNumberOfUsers": detail.users,
        "EmailConfiguration": { "EmailSendingAccount": "COGNITO_DEFAULT" },
        "UserPoolTags": pool.tags,
        "AdminCreateUserConfig": {
            "AllowAdminCreateUserOnly": pool.admin_only_sign_up,
            "UnusedAccountValidityDays": policy.temporary_days,
            "InviteMessageTemplate": (messages.invitation.is_some() || messages.invitation_subject.is_some())
                .then(|| json!({ "EmailMessage": messages.invitation, "EmailSubject": messages.invitation_subject })),
        },
        "UserPoolAddOns": pool.advanced_security.as_ref().map(|mode| json!({ "AdvancedSecurityMode": mode })),
        "UsernameConfiguration": { "CaseSensitive": pool.case_sensitive },
        "AccountRecoverySetting": {
            "RecoveryMechanisms": pool.recovery.iter().zip(1..).map(|(mechanism, priority)| json!({
                "Priority": priority,
                "Name": match mechanism {
                    RecoveryMechanism::VerifiedEmail => "verified_email",
                    RecoveryMechanism::VerifiedPhoneNumber => "verified_phone_number",
                    RecoveryMechanism::AdminOnly => "admin_only",
                },
            })).collect::<Vec<_>>(),
        },
        "UserPoolTier": pool.tier,
    })
}

/// `SchemaAttributeType`.
fn schema(spec: &AttributeSpec) -> Value {
    let text = |bound: Option<i64>| bound.map(|bound| bound.to_string());
    let bounds = |least: &str, most: &str| json!({ least: text(spec.least), most: text(spec.most) });
    let mut shown = json!({
        "Name": spec.name,
        "AttributeDataType": spec.kind,
        "DeveloperOnlyAttribute": spec.developer_only,
        "Mutable": spec.mutable,
        "Required": spec.required,
    });
    let constraints = match spec.kind {
        AttributeType::String => ("StringAttributeConstraints", bounds("MinLength", "MaxLength")),
        AttributeType::Number => ("NumberAttributeConstraints", bounds("MinValue", "MaxValue")),
        AttributeType::Boolean | AttributeType::DateTime => return shown,
    };
    if let Some(members) = shown.as_object_mut() {
        members.insert(constraints.0.to_owned(), constraints.1);
    }
    shown
}
