//! Where somebody finds the way who knows the address of Garita and nothing else: what this is, and which account to sign
//! in to.
//!
//! The account is asked for by a form that is read without any state: it leads to that account's sign-in page, which is the
//! same for accounts that are not there. INVARIANT: what is typed is parsed, and the address is made of what was parsed.

use garita_model::{AccountAlias, AccountId};

use super::{frame, wrong};
use crate::Call;
use crate::answer::{Answer, Trouble, shown};
use crate::pages::{self, Front, Problem};
use crate::reply::Reply;

/// The page at `/`.
pub(super) fn show(call: &Call<'_>) -> Result<Answer, Trouble> {
    page(call, Front::Door, "", &[])
}

/// For who is not signed in at the console: on to the account that was named, or the question for one.
pub(super) fn to_account(call: &Call<'_>) -> Result<Answer, Trouble> {
    let Some(typed) = call.fields.get("account") else {
        return page(call, Front::SignedOut, "", &[]);
    };
    match account(typed) {
        Some(account) => Ok(Answer::of(Reply::see(&format!("/{account}")))),
        None => page(
            call,
            Front::SignedOut,
            typed,
            &[Problem::field("account", call.words.say("front-no-account"))],
        ),
    }
}

fn page(call: &Call<'_>, front: Front, typed: &str, problems: &[Problem]) -> Result<Answer, Trouble> {
    let site = call.web.site.url();
    let page = pages::front(&frame(call), front, site, typed, problems)?;
    // The AWS endpoint shows this page, too, where the site is elsewhere.
    Ok(if problems.is_empty() { shown(page, Some(site)) } else { wrong(page, "NoAccount") })
}

/// An account's number, also as consoles show it (`1111-2222-3333`), or an alias that somebody can sign in at.
fn account(typed: &str) -> Option<String> {
    let typed = typed.trim().to_ascii_lowercase();
    let digits = typed.replace(['-', ' '], "");
    if let Ok(number) = digits.parse::<AccountId>() {
        return Some(number.to_string());
    }
    let alias = typed.parse::<AccountAlias>().ok().filter(|alias| !alias.is_reserved())?;
    Some(alias.to_string())
}

#[cfg(test)]
mod tests {
    use super::account;

    #[test]
    fn an_account_is_a_number_or_an_alias() {
        for (typed, found) in [
            ("111122223333", Some("111122223333")),
            (" 1111-2222-3333 ", Some("111122223333")),
            ("1111 2222 3333", Some("111122223333")),
            ("Data-Science", Some("data-science")),
            ("console", None),
            ("//evil.example", None),
            ("a/b", None),
            ("\\evil", None),
            ("11112222333", Some("11112222333")),
            ("", None),
        ] {
            assert_eq!(account(typed).as_deref(), found, "{typed}");
        }
    }
}
