//! What stands at which path. Every pool has a folder of its own, named by its id, which is also its issuer; Cognito's
//! own paths have no folder, and find the pool by the app client.
//!
//! INVARIANT: a path is compared as it came, letter for letter: an encoded or doubled slash leads nowhere.

mod console;

use http::Method;

pub(crate) use console::{CONSOLE, ConsolePage};

use crate::receive::{MAX_BODY, MAX_CREDENTIALS};

/// An endpoint of the OIDC provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// `/.well-known/openid-configuration`
    Discovery,
    /// `/.well-known/jwks.json`
    Keys,
    /// `/oauth2/authorize`
    Authorize,
    /// `/oauth2/token`
    Token,
    /// `/oauth2/userInfo`
    UserInfo,
    /// `/oauth2/revoke`
    Revoke,
    /// `/oauth2/introspect`
    Introspect,
    /// `/oauth2/device_authorization`
    DeviceAuthorization,
    /// `/logout`
    Logout,
    /// `/oauth2/idpresponse`, where browsers come back from other providers.
    IdpResponse,
}

/// A page of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the pages, by their paths")]
pub(crate) enum PageName {
    SignIn,
    Code,
    Authenticator,
    NewPassword,
    Forgot,
    Reset,
    SignUp,
    Confirm,
    Resend,
    Consent,
    Device,
    DeviceConsent,
    Account,
    SignOut,
    Provider,
    Passkey,
    PasskeySignIn,
    RecoveryCode,
    AnotherWay,
    AddPasskey,
    KeepPasskey,
    RemovePasskey,
    SetUpApp,
    KeepApp,
    RemoveApp,
    MakeCodes,
}

impl PageName {
    const ALL: [Self; 26] = [
        Self::SignIn,
        Self::Code,
        Self::Authenticator,
        Self::NewPassword,
        Self::Forgot,
        Self::Reset,
        Self::SignUp,
        Self::Confirm,
        Self::Resend,
        Self::Consent,
        Self::Device,
        Self::DeviceConsent,
        Self::Account,
        Self::SignOut,
        Self::Provider,
        Self::Passkey,
        Self::PasskeySignIn,
        Self::RecoveryCode,
        Self::AnotherWay,
        Self::AddPasskey,
        Self::KeepPasskey,
        Self::RemovePasskey,
        Self::SetUpApp,
        Self::KeepApp,
        Self::RemoveApp,
        Self::MakeCodes,
    ];

    /// Whether it changes the account of who is signed in.
    pub(crate) fn is_of_account(self) -> bool {
        matches!(
            self,
            Self::AddPasskey
                | Self::KeepPasskey
                | Self::RemovePasskey
                | Self::SetUpApp
                | Self::KeepApp
                | Self::RemoveApp
                | Self::MakeCodes
        )
    }

    /// The last part of its path.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Code => "code",
            Self::Authenticator => "authenticator",
            Self::NewPassword => "new-password",
            Self::Forgot => "forgot",
            Self::Reset => "reset",
            Self::SignUp => "sign-up",
            Self::Confirm => "confirm",
            Self::Resend => "resend",
            Self::Consent => "consent",
            Self::Device => "device",
            Self::DeviceConsent => "device-consent",
            Self::Account => "account",
            Self::SignOut => "sign-out",
            Self::Provider => "provider",
            Self::Passkey => "passkey",
            Self::PasskeySignIn => "passkey-sign-in",
            Self::RecoveryCode => "recovery-code",
            Self::AnotherWay => "another-way",
            Self::AddPasskey => "add-passkey",
            Self::KeepPasskey => "keep-passkey",
            Self::RemovePasskey => "remove-passkey",
            Self::SetUpApp => "set-up-app",
            Self::KeepApp => "keep-app",
            Self::RemoveApp => "remove-app",
            Self::MakeCodes => "make-codes",
        }
    }

    /// Whether it is about a password of the pool, or an account that has one.
    pub(crate) fn is_of_passwords(self) -> bool {
        matches!(
            self,
            Self::Forgot | Self::Reset | Self::SignUp | Self::Confirm | Self::Resend | Self::PasskeySignIn
        )
    }

    /// What the audit trail calls it.
    pub(crate) fn event(self) -> &'static str {
        match self {
            Self::SignIn => "Login",
            Self::Code => "MfaCode",
            Self::Authenticator => "MfaSetup",
            Self::NewPassword => "NewPassword",
            Self::Forgot => "ForgotPassword",
            Self::Reset => "ConfirmForgotPassword",
            Self::SignUp => "Signup",
            Self::Confirm => "Confirm",
            Self::Resend => "ResendCode",
            Self::Consent => "Consent",
            Self::Device => "Device",
            Self::DeviceConsent => "DeviceConsent",
            Self::Account => "Account",
            Self::SignOut => "SignOut",
            Self::Provider => "Provider",
            Self::Passkey => "MfaPasskey",
            Self::PasskeySignIn => "LoginPasskey",
            Self::RecoveryCode => "MfaRecoveryCode",
            Self::AnotherWay => "MfaSelect",
            Self::AddPasskey => "StartWebAuthnRegistration",
            Self::KeepPasskey => "CompleteWebAuthnRegistration",
            Self::RemovePasskey => "DeleteWebAuthnCredential",
            Self::SetUpApp => "AssociateSoftwareToken",
            Self::KeepApp => "VerifySoftwareToken",
            Self::RemoveApp => "ForgetSoftwareToken",
            Self::MakeCodes => "MakeRecoveryCodes",
        }
    }
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// A file.
    Asset(&'a str),
    /// An endpoint, of a pool when the path names one.
    Endpoint(Option<&'a str>, Endpoint),
    /// A page of a pool.
    Page(&'a str, PageName),
    /// A page of the console: the account it names or its folder, and whether that is all of its path.
    Console(&'a str, ConsolePage, bool),
    /// Nothing.
    Nowhere,
}

impl<'a> Route<'a> {
    /// Reads a path.
    pub(crate) fn of(path: &'a str) -> Self {
        if path.starts_with("/assets/") {
            return Self::Asset(path);
        }
        if let Some(endpoint) = find(&BARE, path) {
            return Self::Endpoint(None, endpoint);
        }
        if let Some((place, page)) = ConsolePage::of(path) {
            return Self::Console(place, page, path.len() == place.len() + 1);
        }
        let Some((pool, rest)) = path.strip_prefix('/').and_then(|path| path.split_once('/')) else {
            return Self::Nowhere;
        };
        if let Some(endpoint) = find(&IN_FOLDER, rest) {
            return Self::Endpoint(Some(pool), endpoint);
        }
        if provider_at(path).is_some() {
            return Self::Endpoint(Some(pool), Endpoint::IdpResponse);
        }
        match PageName::ALL.into_iter().find(|page| page.path() == rest) {
            Some(page) => Self::Page(pool, page),
            None => Self::Nowhere,
        }
    }

    /// The methods it takes; HEAD goes with GET.
    pub(crate) fn takes(self, method: &Method) -> bool {
        let get = method == Method::GET || method == Method::HEAD;
        let post = method == Method::POST;
        match self {
            Self::Asset(_) => get,
            Self::Endpoint(_, endpoint) => match endpoint {
                Endpoint::Discovery | Endpoint::Keys | Endpoint::IdpResponse => get,
                Endpoint::Authorize | Endpoint::UserInfo | Endpoint::Logout => get || post,
                Endpoint::Token | Endpoint::Revoke | Endpoint::Introspect | Endpoint::DeviceAuthorization => {
                    post
                }
            },
            Self::Page(_, PageName::SignOut | PageName::PasskeySignIn) => post,
            Self::Page(_, page) if page.is_of_account() => post,
            Self::Page(
                _,
                PageName::Account | PageName::Resend | PageName::Provider | PageName::AnotherWay,
            ) => get,
            Self::Page(..) => get || post,
            Self::Console(_, page, bare) => page.takes(method, bare),
            Self::Nowhere => true,
        }
    }

    /// Most bytes of a form that is sent to it.
    pub(crate) fn max_body(self) -> usize {
        match self {
            Self::Console(_, ConsolePage::Federation, _) => MAX_CREDENTIALS,
            _ => MAX_BODY,
        }
    }

    /// What the audit trail calls a request for it: names of Cognito's own records where there are some.
    pub(crate) fn event(self, method: &Method) -> String {
        let name = match self {
            Self::Asset(_) => "Asset",
            Self::Endpoint(_, endpoint) => match endpoint {
                Endpoint::Discovery => "OpenIdConfiguration",
                Endpoint::Keys => "Jwks",
                Endpoint::Authorize => "Authorize",
                Endpoint::Token => "Token",
                Endpoint::UserInfo => "UserInfo",
                Endpoint::Revoke => "Revoke",
                Endpoint::Introspect => "Introspect",
                Endpoint::DeviceAuthorization => "DeviceAuthorization",
                Endpoint::Logout => "Logout",
                Endpoint::IdpResponse => "IdpResponse",
            },
            Self::Page(_, page) => page.event(),
            Self::Console(_, page, _) => page.event(),
            Self::Nowhere => return "Unknown".to_owned(),
        };
        let verb = match *method {
            Method::POST => "POST",
            Method::OPTIONS => "OPTIONS",
            _ => "GET",
        };
        format!("{name}_{verb}")
    }
}

/// Cognito's own paths.
const BARE: [(&str, Endpoint); 6] = [
    ("/oauth2/authorize", Endpoint::Authorize),
    ("/login", Endpoint::Authorize),
    ("/oauth2/token", Endpoint::Token),
    ("/oauth2/userInfo", Endpoint::UserInfo),
    ("/oauth2/revoke", Endpoint::Revoke),
    ("/logout", Endpoint::Logout),
];

/// What follows a pool's id.
const IN_FOLDER: [(&str, Endpoint); 10] = [
    (".well-known/openid-configuration", Endpoint::Discovery),
    (".well-known/jwks.json", Endpoint::Keys),
    ("oauth2/authorize", Endpoint::Authorize),
    ("oauth2/token", Endpoint::Token),
    ("oauth2/userInfo", Endpoint::UserInfo),
    ("oauth2/revoke", Endpoint::Revoke),
    ("oauth2/introspect", Endpoint::Introspect),
    ("oauth2/device_authorization", Endpoint::DeviceAuthorization),
    ("logout", Endpoint::Logout),
    ("oauth2/idpresponse", Endpoint::IdpResponse),
];

/// The provider at whose own address a browser comes back: the endpoint is the same.
pub(crate) fn provider_at(path: &str) -> Option<&str> {
    let (_, rest) = path.strip_prefix('/')?.split_once('/')?;
    rest.strip_prefix("oauth2/idpresponse/").filter(|name| !name.is_empty() && !name.contains('/'))
}

fn find(table: &[(&str, Endpoint)], path: &str) -> Option<Endpoint> {
    table.iter().find(|(known, _)| *known == path).map(|(_, endpoint)| *endpoint)
}

/// Everything of user pools, as method and path, with `{pool}` for a pool's id.
pub(crate) fn all() -> impl Iterator<Item = (Method, String)> {
    let bare = BARE.iter().map(|(path, _)| (*path).to_owned());
    let in_folder = IN_FOLDER.iter().map(|(path, _)| format!("/{{pool}}/{path}"));
    let pages = PageName::ALL.into_iter().map(|page| format!("/{{pool}}/{}", page.path()));
    bare.chain(in_folder).chain(pages).flat_map(|path| {
        let methods = [Method::GET, Method::POST];
        let taken = methods.into_iter().filter(|method| Route::of(&path).takes(method));
        taken.map(|method| (method, path.clone())).collect::<Vec<_>>()
    })
}

/// Everything of the console, as method and path, with `{account}` for an account's name.
pub(crate) fn console() -> impl Iterator<Item = (Method, String)> {
    ConsolePage::ALL.into_iter().flat_map(ConsolePage::paths).flat_map(|path| {
        let methods = [Method::GET, Method::POST];
        // An alias stands for them all.
        let taken =
            methods.into_iter().filter(|method| Route::of(&path.replace("{account}", "team")).takes(method));
        taken.map(|method| (method, path.clone())).collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_where_they_say() {
        assert_eq!(Route::of("/oauth2/token"), Route::Endpoint(None, Endpoint::Token));
        assert_eq!(Route::of("/p_1/oauth2/token"), Route::Endpoint(Some("p_1"), Endpoint::Token));
        let home = Route::Endpoint(Some("p_1"), Endpoint::IdpResponse);
        for path in ["/p_1/oauth2/idpresponse", "/p_1/oauth2/idpresponse/Corp"] {
            assert_eq!(Route::of(path), home, "{path}");
        }
        for path in ["/p_1/oauth2/idpresponse/", "/p_1/oauth2/idpresponse/a/b", "/p_1/oauth2/token/Corp"] {
            assert_eq!(Route::of(path), Route::Nowhere, "{path}");
        }
        assert_eq!(Route::of("/p_1/sign-in"), Route::Page("p_1", PageName::SignIn));
        assert_eq!(Route::of("/login"), Route::Endpoint(None, Endpoint::Authorize));
        for nowhere in [
            "",
            "/p_1",
            "/ab",
            "/team/",
            "/Team",
            "/assets",
            "/console/",
            "/p_1/",
            "/p_1//sign-in",
            "/p_1/sign-in/",
            "/p_1/%73ign-in",
            "//sign-in/x",
        ] {
            assert_eq!(Route::of(nowhere), Route::Nowhere, "{nowhere}");
        }
        assert!(!Route::of("/p/oauth2/token").takes(&Method::GET));
        assert!(!Route::of("/p/sign-out").takes(&Method::GET));
        assert!(Route::of("/p/sign-in").takes(&Method::HEAD));
        assert_eq!(Route::of("/p/sign-in").event(&Method::POST), "Login_POST");
        for (path, page) in [
            ("/", Route::Console("", ConsolePage::Front, true)),
            ("/team", Route::Console("team", ConsolePage::SignIn, true)),
            ("/111122223333", Route::Console("111122223333", ConsolePage::SignIn, true)),
            ("/team/sign-in", Route::Console("team", ConsolePage::SignIn, false)),
            ("/team/code", Route::Console("team", ConsolePage::Code, false)),
            ("/console", Route::Console("console", ConsolePage::Home, true)),
            ("/console/sign-out", Route::Console("console", ConsolePage::SignOut, false)),
            ("/federation", Route::Console("federation", ConsolePage::Federation, true)),
        ] {
            assert_eq!(Route::of(path), page, "{path}");
        }
        for (method, path) in console() {
            let path = path.replace("{account}", "team");
            assert!(matches!(Route::of(&path), Route::Console(..)), "{method} {path}");
        }
        assert_eq!(console().count(), 14);
        assert!(!Route::of("/team").takes(&Method::POST) && Route::of("/team/sign-in").takes(&Method::POST));
        assert!(
            !Route::of("/federation").takes(&Method::HEAD)
                && !Route::of("/console/sign-out").takes(&Method::GET)
        );
    }
}
