//! The console's paths: `/` for who does not know more than that, `/{account}` and what is behind it for signing in, `/console` for who is signed in, `/federation`
//! for brokers.
//!
//! INVARIANT: no account's name is that of another path: an alias that is one is reserved.

use garita_model::{AccountAlias, AccountId};
use http::Method;

/// A page of the console, which IAM users and those whom a broker leads here sign in to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConsolePage {
    /// `/`: what this is, and which account to sign in to.
    Front,
    /// `/{account}` and `/{account}/sign-in`, by the account's number or alias.
    SignIn,
    /// `/{account}/code`
    Code,
    /// `/{account}/new-password`
    NewPassword,
    /// `/console`: who is signed in.
    Home,
    /// `/console/password`
    Password,
    /// `/console/sign-out`
    SignOut,
    /// `/federation`
    Federation,
}

impl ConsolePage {
    pub(super) const ALL: [Self; 8] = [
        Self::Front,
        Self::SignIn,
        Self::Code,
        Self::NewPassword,
        Self::Home,
        Self::Password,
        Self::SignOut,
        Self::Federation,
    ];

    /// Its paths, with `{account}` for an account's name.
    pub(super) fn paths(self) -> Vec<String> {
        match self {
            Self::Front => vec!["/".to_owned()],
            Self::SignIn => vec!["/{account}".to_owned(), format!("/{{account}}/{}", self.path())],
            Self::Code | Self::NewPassword => vec![format!("/{{account}}/{}", self.path())],
            Self::Home => vec![format!("/{CONSOLE}")],
            Self::Password | Self::SignOut => vec![format!("/{CONSOLE}/{}", self.path())],
            Self::Federation => vec![format!("/{FEDERATION}")],
        }
    }

    /// Its path after the account's name.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Code => "code",
            Self::NewPassword => "new-password",
            Self::Password => "password",
            Self::SignOut => "sign-out",
            Self::Front | Self::Home | Self::Federation => "",
        }
    }

    /// What the audit trail calls a request for it that comes to nothing more.
    pub(super) fn event(self) -> &'static str {
        match self {
            Self::Front => "ConsoleFrontPage",
            Self::SignIn => "ConsoleSignInPage",
            Self::Code => "ConsoleCodePage",
            Self::NewPassword => "ConsoleNewPasswordPage",
            Self::Home => "ConsoleHome",
            Self::Password => "ConsolePasswordPage",
            Self::SignOut => "Logout",
            Self::Federation => "Federation",
        }
    }

    /// The methods it takes; `bare` is a path that is an account's name alone.
    pub(super) fn takes(self, method: &Method, bare: bool) -> bool {
        let (get, head, post) = (method == Method::GET, method == Method::HEAD, method == Method::POST);
        match self {
            // Whoever looks ahead with HEAD must not use a token up.
            Self::Federation => get || post,
            Self::SignIn => get || head || (post && !bare),
            Self::Code | Self::NewPassword | Self::Password => get || head || post,
            Self::Front | Self::Home => get || head,
            Self::SignOut => post,
        }
    }

    /// The page at a path, with the account it names.
    pub(super) fn of(path: &str) -> Option<(&str, Self)> {
        match path {
            "/" => return Some((FRONT, Self::Front)),
            "/federation" => return Some((FEDERATION, Self::Federation)),
            "/console" => return Some((CONSOLE, Self::Home)),
            "/console/password" => return Some((CONSOLE, Self::Password)),
            "/console/sign-out" => return Some((CONSOLE, Self::SignOut)),
            _ => {}
        }
        let path = path.strip_prefix('/')?;
        let (account, page) =
            path.split_once('/').map_or((path, None), |(account, page)| (account, Some(page)));
        let named = account.parse::<AccountAlias>().ok()?;
        // A number looks like an alias that nobody can have, but is one of an account.
        if named.is_reserved() && account.parse::<AccountId>().is_err() {
            return None;
        }
        let page = match page {
            None => Self::SignIn,
            Some(page) => {
                let pages = [Self::SignIn, Self::Code, Self::NewPassword];
                pages.into_iter().find(|known| known.path() == page)?
            }
        };
        Some((account, page))
    }
}

const FRONT: &str = "";
/// The folder of the pages for who is signed in.
pub(crate) const CONSOLE: &str = "console";
const FEDERATION: &str = "federation";
