//! What an account asks of the passwords of its users.

use garita_model::PasswordPolicy;
use garita_wire::protocol::xml::XmlWriter;

use crate::call::{Answer, Call};
use crate::errors::Refusal;

pub(crate) async fn update(call: Call<'_>) -> Result<Answer, Refusal> {
    let usual = PasswordPolicy::default();
    let switch = |name| Ok::<_, Refusal>(call.params.boolean(name)?.unwrap_or(false));
    let policy = PasswordPolicy {
        min_length: call.number("MinimumPasswordLength", 6, 128)?.unwrap_or(usual.min_length),
        symbols: switch("RequireSymbols")?,
        numbers: switch("RequireNumbers")?,
        uppercase: switch("RequireUppercaseCharacters")?,
        lowercase: switch("RequireLowercaseCharacters")?,
        users_may_change: switch("AllowUsersToChangePassword")?,
        max_age: call.number("MaxPasswordAge", 1, 1095)?,
        reuse_prevention: call.number("PasswordReusePrevention", 1, 24)?,
        hard_expiry: call.params.boolean("HardExpiry")?,
    };
    call.app.update_password_policy(call.cx, policy).await?;
    Ok(Answer::done())
}

pub(crate) async fn get(call: Call<'_>) -> Result<Answer, Refusal> {
    let policy = call.app.password_policy(call.cx)?;
    Ok(Answer::result(move |result| result.element("PasswordPolicy", |w| members(w, &policy))))
}

pub(crate) async fn delete(call: Call<'_>) -> Result<Answer, Refusal> {
    call.app.delete_password_policy(call.cx).await?;
    Ok(Answer::done())
}

fn members(result: &mut XmlWriter, policy: &PasswordPolicy) {
    result.integer("MinimumPasswordLength", policy.min_length.into());
    result.boolean("RequireSymbols", policy.symbols);
    result.boolean("RequireNumbers", policy.numbers);
    result.boolean("RequireUppercaseCharacters", policy.uppercase);
    result.boolean("RequireLowercaseCharacters", policy.lowercase);
    result.boolean("AllowUsersToChangePassword", policy.users_may_change);
    result.boolean("ExpirePasswords", policy.max_age.is_some());
    if let Some(days) = policy.max_age {
        result.integer("MaxPasswordAge", days.into());
    }
    if let Some(number) = policy.reuse_prevention {
        result.integer("PasswordReusePrevention", number.into());
    }
    if let Some(hard) = policy.hard_expiry {
        result.boolean("HardExpiry", hard);
    }
}
