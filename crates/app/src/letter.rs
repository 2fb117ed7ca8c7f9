//! What Garita writes to people: codes and invitations, in English and Spanish, or in a pool's own words.
//!
//! `{username}` and `{####}` stand for the name and for the code or password, as in Cognito's templates. They are
//! filled in one pass, so a name that looks like a placeholder stays a name. A letter is text without mark-up, and nothing
//! that people call themselves becomes a header; in letters that they can have sent to strangers nothing of it becomes a
//! link either ([`Letter::name`]).

use std::borrow::Cow;

use garita_model::Secret;

/// What a letter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letter {
    /// The code that ends a sign-up.
    SignUp,
    /// The code that proves an address.
    Address,
    /// The code that lets someone set a new password.
    ForgottenPassword,
    /// A name and a temporary password, from an administrator.
    Invitation,
}

/// The language of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Spanish.
    Spanish,
}

impl Language {
    /// The language of a user's `locale` (a BCP 47 tag, or with `_`); English where Garita has no other.
    pub fn of(locale: Option<&str>) -> Self {
        let tag = locale.unwrap_or_default().split(['-', '_']).next().unwrap_or_default();
        if tag.eq_ignore_ascii_case("es") { Self::Spanish } else { Self::English }
    }
}

/// A pool's own words, where it has some.
#[derive(Debug, Clone, Copy, Default)]
pub struct Own<'a> {
    /// The subject.
    pub subject: Option<&'a str>,
    /// The text.
    pub text: Option<&'a str>,
}

/// What goes into a letter.
#[derive(Clone, Copy)]
pub struct Filling<'a> {
    /// What the user signs in with.
    pub username: &'a str,
    /// The code or the temporary password.
    pub secret: &'a Secret<String>,
}

impl Letter {
    /// A name as the letter has it. Programs make links of what looks like one, so of a name that somebody gave themselves
    /// a stranger is shown what comes before that.
    pub fn name(self, name: &str) -> Cow<'_, str> {
        match self {
            Self::ForgottenPassword | Self::Invitation => Cow::Borrowed(name),
            Self::SignUp | Self::Address => match name.split_once(['.', ':', '/', '@']) {
                Some((before, _)) => Cow::Owned(format!("{before}…")),
                None => Cow::Borrowed(name),
            },
        }
    }

    /// Subject and text.
    pub fn write(self, language: Language, own: Own<'_>, filling: Filling<'_>) -> (String, String) {
        let (subject, text) = self.words(language);
        // A secret in a subject would show on locked screens.
        let subject = fill(own.subject.unwrap_or(subject), filling.username, "");
        let text = fill(own.text.unwrap_or(text), filling.username, filling.secret.expose());
        (subject.split_whitespace().collect::<Vec<_>>().join(" "), text)
    }

    fn words(self, language: Language) -> (&'static str, &'static str) {
        match (self, language) {
            (Self::SignUp, Language::English) => (
                "Your verification code",
                "Hello {username},\n\nyour verification code is {####}. It is good for 24 hours.\n\n\
                 If you did not sign up, you need not do anything.\n",
            ),
            (Self::SignUp, Language::Spanish) => (
                "Tu código de verificación",
                "Hola, {username}:\n\nTu código de verificación es {####}. Vale durante 24 horas.\n\n\
                 Si no has sido tú quien se ha registrado, no tienes que hacer nada.\n",
            ),
            (Self::Address, Language::English) => (
                "Confirm your e-mail address",
                "Hello {username},\n\nthe code that confirms this address is {####}. It is good for 24 hours.\n\n\
                 If you did not ask for it, tell your administrator.\n",
            ),
            (Self::Address, Language::Spanish) => (
                "Confirma tu correo electrónico",
                "Hola, {username}:\n\nEl código que confirma esta dirección es {####}. Vale durante 24 horas.\n\n\
                 Si no lo has pedido, avisa a tu administrador.\n",
            ),
            (Self::ForgottenPassword, Language::English) => (
                "Your code for a new password",
                "Hello {username},\n\nyour code to set a new password is {####}. It is good for one hour.\n\n\
                 If you did not ask for it, your password stays as it is.\n",
            ),
            (Self::ForgottenPassword, Language::Spanish) => (
                "Tu código para una contraseña nueva",
                "Hola, {username}:\n\nTu código para crear una contraseña nueva es {####}. Vale durante una hora.\n\n\
                 Si no lo has pedido, tu contraseña no cambia.\n",
            ),
            (Self::Invitation, Language::English) => (
                "Your temporary password",
                "Hello,\n\nyour user name is {username} and your temporary password is {####}\n\n\
                 You will be asked for a new one when you first sign in.\n",
            ),
            (Self::Invitation, Language::Spanish) => (
                "Tu contraseña temporal",
                "Hola:\n\nTu nombre de usuario es {username} y tu contraseña temporal es {####}\n\n\
                 Se te pedirá una nueva cuando entres por primera vez.\n",
            ),
        }
    }
}

/// Puts name and secret into a template. What comes from people loses its control characters.
fn fill(template: &str, username: &str, secret: &str) -> String {
    const PLACES: [&str; 2] = ["{username}", "{####}"];
    let username: String = username.chars().filter(|c| !c.is_control()).collect();
    let (mut rest, mut filled) = (template, String::new());
    while let Some(at) = PLACES.iter().filter_map(|place| rest.find(place)).min() {
        let (before, from) = rest.split_at(at);
        filled.push_str(before);
        rest = match PLACES.map(|place| from.strip_prefix(place)) {
            [Some(after), _] => {
                filled.push_str(&username);
                after
            }
            [_, Some(after)] => {
                filled.push_str(secret);
                after
            }
            [None, None] => break,
        };
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Letter; 4] = [Letter::SignUp, Letter::Address, Letter::ForgottenPassword, Letter::Invitation];

    fn write(letter: Letter, language: Language, own: Own<'_>, username: &str) -> (String, String) {
        let secret = Secret::new("123456".to_owned());
        letter.write(language, own, Filling { username, secret: &secret })
    }

    #[test]
    fn every_letter_names_the_user_and_the_code_in_both_languages() {
        for letter in ALL {
            let mut subjects = Vec::new();
            for language in [Language::English, Language::Spanish] {
                let (subject, text) = write(letter, language, Own::default(), "ana");
                assert!(text.contains("ana") && text.contains("123456"), "{text}");
                assert!(!text.contains('{') && !subject.contains("123456"), "{text}");
                subjects.push(subject);
            }
            assert_ne!(subjects[0], subjects[1]);
        }
    }

    #[test]
    fn a_pools_own_words_are_filled_once() {
        let own =
            Own { subject: Some("For {username}: {####}"), text: Some("{####}{username} {other} {####}") };
        let (subject, text) = write(Letter::SignUp, Language::English, own, "{####}");
        assert_eq!(subject, "For {####}:");
        assert_eq!(text, "123456{####} {other} 123456");
    }

    #[test]
    fn names_bring_no_lines() {
        let own = Own { subject: Some("Hello {username}\r\nBcc: x"), text: None };
        let (subject, text) =
            write(Letter::Invitation, Language::English, own, "ana\r\nBcc: bob@example.com");
        assert_eq!(subject, "Hello anaBcc: bob@example.com Bcc: x");
        assert!(text.contains("anaBcc: bob@example.com"), "{text}");
    }

    #[test]
    fn names_bring_strangers_no_links() {
        for (name, shown) in [
            ("ana", "ana"),
            ("ana.lopez", "ana…"),
            ("https://evil.example/prize", "https…"),
            ("www.evil.example", "www…"),
            ("win@evil.example", "win…"),
        ] {
            assert_eq!((Letter::SignUp.name(name), Letter::Address.name(name)), (shown.into(), shown.into()));
            assert_eq!(
                Letter::Invitation.name(name),
                name,
                "an administrator gave it, and it is needed whole"
            );
        }
    }

    #[test]
    fn the_language_is_the_users() {
        for (locale, language) in [
            (Some("es"), Language::Spanish),
            (Some("es-MX"), Language::Spanish),
            (Some("ES_es"), Language::Spanish),
            (Some("est"), Language::English),
            (Some("en-GB"), Language::English),
            (None, Language::English),
        ] {
            assert_eq!(Language::of(locale), language, "{locale:?}");
        }
    }
}
