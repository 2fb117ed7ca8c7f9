use garita_model::PasswordFault;
use garita_model::user_pool::{PoolFault, Weakness};

use super::*;
use crate::words::Language;

/// Where to leave the pages for looking at them: `GARITA_PAGES=folder cargo test -p garita-web pages`.
const FOLDER: Option<&str> = option_env!("GARITA_PAGES");

const OPTIONS: &str = r#"{"challenge":"AAAA","rpId":"id.example.com"}"#;

const RULES: PasswordRules = PasswordRules {
    min_length: 12,
    uppercase: true,
    lowercase: true,
    digits: true,
    symbols: false,
    three: false,
};

/// Every page there is, in one language, with problems where a page can have them.
fn pages(language: Language) -> Vec<(&'static str, Page)> {
    let words = crate::words::in_language(language);
    let frame = Frame { words, place: "Research platform".to_owned() };
    let flow = Flow { folder: "/eu-west-1_Ab3dE5gH9".to_owned(), sealed: "c2VhbGVk".to_owned() };
    let ways = Ways { by_address: true, sign_up: true, passwords: true, passkey: None };
    let scopes = ["openid", "email", "aws.cognito.signin.user.admin", "models/read"].map(str::to_owned);
    let asking = Asking { client: "MLflow", user: "ana", scopes: &scopes };
    let wrong = |field, key: &str| [Problem::field(field, words.say(key))];
    let made = Authenticator::of("Research platform", "ana", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP");
    let asked = SignUp { address: true, username: "ana".to_owned(), ..SignUp::default() };
    let prompt = Prompt::beside(&frame, &flow, "passkey-sign-in", OPTIONS);
    let shown = |id: &str, name: &str| ShownPasskey {
        id: id.to_owned(),
        name: name.to_owned(),
        made: "2026-11-21".to_owned(),
    };
    let desk = Frame { words, place: "Garita".to_owned() };
    let three = PasswordRules { min_length: 8, three: true, ..PasswordRules::default() };
    let at = Console {
        arn: "arn:aws:iam::111122223333:user/research/ana".to_owned(),
        account: "111122223333".to_owned(),
        mfa: true,
        until: "2026-11-21 20:15 UTC".to_owned(),
        password: true,
    };
    let led = Console {
        arn: "arn:aws:sts::111122223333:assumed-role/a-role-with-quite-a-long-name/ana@example.com"
            .to_owned(),
        mfa: false,
        password: false,
        ..at.clone()
    };
    let held = Security {
        user: "ana".to_owned(),
        passkeys_open: true,
        passkeys: vec![shown("AAAA", "Work laptop"), shown("AAAB", "<b>Phone</b>")],
        factors_asked: true,
        has_app: true,
        second_factor: true,
        codes: 2,
    };
    let differs = wrong("new-password-again", "password-differs");
    let told = Outside { notice: Some(words.say("reset-done")), ..Outside::default() };
    let providers = ["Corp".to_owned(), "Señal & <Co>".to_owned()];
    let (outside, only) =
        (Outside { providers: &providers, notice: None }, Outside { providers: &providers, notice: None });
    let no_passwords = Ways { passwords: false, ..ways.clone() };
    let denied = Wrong::Provider {
        why: "provider-denied",
        provider: "Corp".to_owned(),
        back: Some("/eu-west-1_Ab3dE5gH9/sign-in?flow=c2VhbGVk".to_owned()),
    };
    let made = [
        (
            "sign-in",
            sign_in(
                &frame,
                &flow,
                Some("MLflow"),
                Ways { passkey: Some(prompt), ..ways.clone() },
                "",
                &[],
                Outside::default(),
            ),
        ),
        (
            "sign-in-wrong",
            sign_in(
                &frame,
                &flow,
                None,
                ways.clone(),
                "ana",
                &[Problem::form(words.say("sign-in-wrong"))],
                Outside::default(),
            ),
        ),
        ("sign-in-notice", sign_in(&frame, &flow, Some("MLflow"), ways.clone(), "ana", &[], told)),
        ("sign-in-providers", sign_in(&frame, &flow, Some("MLflow"), ways.clone(), "", &[], outside)),
        ("sign-in-providers-only", sign_in(&frame, &flow, Some("MLflow"), no_passwords, "", &[], only)),
        ("code", code(&frame, &flow, &[Way::Passkey, Way::Recovery], &[])),
        ("code-wrong", code(&frame, &flow, &[], &wrong("code", "code-wrong"))),
        ("forgot", forgot(&frame, &flow, "", &[])),
        ("reset", reset(&frame, &flow, RULES, "", &[])),
        ("reset-wrong", reset(&frame, &flow, RULES, "123456", &differs)),
        ("new-password", new_password(&frame, &flow, RULES, "new-password-lead", &[])),
        ("sign-up", sign_up(&frame, &flow, &asked, RULES, &[])),
        ("confirm", confirm(&frame, &flow, &[], Some(words.say("confirm-sent")))),
        ("authenticator", authenticator(&frame, &flow, SetUp::SigningIn, &made, &[])),
        ("consent", consent(&frame, &flow, asking)),
        ("device", device_code(&frame, &flow, "", &wrong("user-code", "device-wrong"))),
        ("device-filled", device_code(&frame, &flow, "WDJB-MJHT", &[])),
        ("device-consent", device_consent(&frame, &flow, asking, "WDJB-MJHT")),
        ("device-connected", device_connected(&frame)),
        ("device-denied", device_denied(&frame)),
        ("passkey", passkey(&frame, &flow, OPTIONS, &[Way::App, Way::Recovery], None)),
        ("passkey-wrong", passkey(&frame, &flow, OPTIONS, &[], Some(&words.say("passkey-refused")))),
        ("add-passkey", add_passkey(&frame, &flow, OPTIONS, None)),
        (
            "recovery-code",
            recovery_code(&frame, &flow, &[Way::App], &wrong("recovery-code", "recovery-wrong")),
        ),
        ("account", security(&frame, &flow, &held, Some(words.say("account-passkey-added")))),
        (
            "account-empty",
            security(&frame, &flow, &Security { user: "ana".to_owned(), ..Security::default() }, None),
        ),
        ("account-out", account_out(&frame)),
        ("keep-app", authenticator(&frame, &flow, SetUp::Account, &made, &[])),
        ("codes", codes(&frame, &flow, &["01234-56789", "abcde-fghjk"])),
        ("console-sign-in", console_sign_in(&desk, &flow, "research", "", &[])),
        (
            "console-sign-in-wrong",
            console_sign_in(
                &desk,
                &flow,
                "111122223333",
                "ana",
                &[Problem::form(words.say("console-wrong"))],
            ),
        ),
        ("console-new-password", new_password(&desk, &flow, three, "console-reset-lead", &[])),
        ("console-home", console_home(&desk, &flow, &at, None)),
        (
            "console-home-broker",
            console_home(&desk, &flow, &led, Some(words.say("console-password-changed"))),
        ),
        ("console-password", console_password(&desk, &flow, RULES, &wrong("password", "console-old-wrong"))),
        ("front", front(&desk, Front::Door, "https://id.example.com", "", &[])),
        ("console-out", front(&desk, Front::SignedOut, "https://id.example.com", "", &[])),
        (
            "console-no-account",
            front(
                &desk,
                Front::SignedOut,
                "https://id.example.com",
                "a b",
                &wrong("account", "front-no-account"),
            ),
        ),
        ("console-another", error(&desk, &Wrong::Another(led.arn.clone()), "3d2f6c1e")),
        ("console-token", error(&desk, &Wrong::Token, "3d2f6c1e")),
        ("sign-out", sign_out(&frame, &flow, "ana")),
        ("signed-out", signed_out(&frame)),
        (
            "error-app",
            error(
                &frame,
                &Wrong::App(words.about("reason-redirect", "uri", "https://ml.example/<callback>")),
                "3d2f6c1e-8a4b-4f0e-9c57-0d6f1a2b3c4d",
            ),
        ),
        ("error-expired", error(&frame, &Wrong::Expired, "3d2f6c1e")),
        ("error-elsewhere", error(&frame, &Wrong::Elsewhere, "3d2f6c1e")),
        ("error-not-found", error(&frame, &Wrong::NotFound, "3d2f6c1e")),
        ("error-provider", error(&frame, &denied, "3d2f6c1e")),
        ("error-busy", error(&frame, &Wrong::Busy, "3d2f6c1e")),
    ];
    made.into_iter().map(|(name, page)| (name, page.unwrap())).collect()
}

/// The value of every attribute of this name, in order.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let mark = format!(" {name}=\"");
    html.split(&mark).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

#[test]
fn every_page_is_sound_in_every_language() {
    for language in Language::ALL {
        for (name, page) in pages(language) {
            let html = &page.html;
            let tell = format!("{name} in {}", language.tag());
            assert!(html.contains(&format!("<html lang=\"{}\">", language.tag())), "{tell}");
            assert_eq!(html.matches("<h1>").count(), 1, "{tell}");
            // What is pointed to is there, once.
            let ids = attributes(html, "id");
            for id in &ids {
                assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{tell}: id {id}");
            }
            let described = attributes(html, "aria-describedby");
            for id in
                attributes(html, "for").iter().copied().chain(described.iter().flat_map(|v| v.split(' ')))
            {
                assert!(ids.contains(&id), "{tell}: {id} is nowhere");
            }
            assert!(html.matches("autofocus").count() <= 1, "{tell}");
            // No script, style or address of elsewhere, and nothing inline.
            for forbidden in ["style=", "<style", "onclick", "javascript:", "http:", "src=\"//", "href=\"//"]
            {
                assert!(!html.contains(forbidden), "{tell}: {forbidden}");
            }
            // The one script there is, and where it is, a policy that lets it run.
            let scripts = attributes(html, "src");
            let own = [Assets::get().passkey.path.as_str()];
            assert_eq!(scripts, if page.script { &own[..] } else { &[] }, "{tell}");
            assert_eq!(html.matches("<script").count(), scripts.len(), "{tell}");
            if let Some(folder) = FOLDER {
                std::fs::write(format!("{folder}/{name}.{}.html", language.tag()), html).unwrap();
            }
        }
    }
    if let Some(folder) = FOLDER {
        let assets = Assets::get();
        std::fs::create_dir_all(format!("{folder}/assets")).unwrap();
        for asset in [&assets.stylesheet, &assets.icon, &assets.passkey] {
            std::fs::write(format!("{folder}{}", asset.path), asset.bytes).unwrap();
        }
    }
}

#[test]
fn what_people_type_is_text() {
    let frame = Frame { words: crate::words::in_language(Language::English), place: "<b>".to_owned() };
    let flow = Flow { folder: "/p".to_owned(), sealed: "s".to_owned() };
    let ways = Ways { by_address: false, sign_up: false, passwords: true, passkey: None };
    let page = sign_in(&frame, &flow, Some("<i>&"), ways, "\"><script>", &[], Outside::default()).unwrap();
    assert!(!page.html.contains("<b>") && !page.html.contains("<i>") && !page.html.contains("<script"));
    assert!(page.html.contains("value=\"&#34;&#62;&#60;script&#62;\""), "{}", page.html);
}

#[test]
fn a_problem_has_the_focus_and_its_field_is_tied_to_it() {
    let frame = Frame { words: crate::words::in_language(Language::English), place: "p".to_owned() };
    let flow = Flow { folder: "/p".to_owned(), sealed: "s".to_owned() };
    let html = code(&frame, &flow, &[], &[Problem::field("code", "wrong".to_owned())]).unwrap().html;
    assert!(html.contains("<title>Problem: Enter your code"), "{html}");
    assert!(html.contains("<div class=\"summary\" role=\"alert\" tabindex=\"-1\" autofocus>"), "{html}");
    assert!(html.contains("<a href=\"#code\">wrong</a>"), "{html}");
    assert!(html.contains("aria-describedby=\"code-problem\" aria-invalid=\"true\""), "{html}");
    assert_eq!(html.matches("autofocus").count(), 1, "{html}");
}

#[test]
fn an_app_is_offered_and_promised_only_where_its_code_is_asked_for() {
    let words = crate::words::in_language(Language::English);
    let frame = Frame { words, place: "p".to_owned() };
    let flow = Flow { folder: "/p".to_owned(), sealed: "s".to_owned() };
    for (factors_asked, has_app, offers, says) in [
        (true, false, Some("set-up-app"), "account-app-lead"),
        (true, true, Some("remove-app"), "account-app-on"),
        (false, true, Some("remove-app"), "account-app-idle"),
        (false, false, None, "account-title"),
    ] {
        let held = Security { factors_asked, has_app, ..Security::default() };
        let html = security(&frame, &flow, &held, None).unwrap().html;
        assert!(html.contains(&words.say(says)), "{says}: {html}");
        for form in ["set-up-app", "remove-app"] {
            let there = html.contains(&format!("action=\"/p/{form}\""));
            assert_eq!(there, offers == Some(form), "{says}, {form}: {html}");
        }
    }
}

#[test]
fn why_a_password_is_refused_is_said_in_the_language_of_the_page() {
    let of = |language, fault| lack(crate::words::in_language(language), fault);
    let lacking = [
        Weakness::TooShort(15),
        Weakness::TooLong,
        Weakness::OuterSpace,
        Weakness::NoLowercase,
        Weakness::NoUppercase,
        Weakness::NoNumber,
        Weakness::NoSymbol,
        Weakness::Common,
        Weakness::Personal,
        Weakness::Guessable,
    ];
    let faults = lacking.map(PoolFault::InvalidPassword).into_iter().chain([PoolFault::PasswordHistory]);
    for fault in faults {
        let (english, spanish) = (of(Language::English, fault), of(Language::Spanish, fault));
        assert!(!english.contains("password-lack") && english != of(Language::English, PoolFault::Forbidden));
        assert_ne!(english, spanish, "{fault:?}");
    }
    let short = PoolFault::InvalidPassword(Weakness::TooShort(15));
    assert_eq!(of(Language::Spanish, short), "necesita al menos 15 caracteres.");
}

#[test]
fn why_an_accounts_policy_refuses_a_password_is_said_in_the_language_of_the_page() {
    let of = |language, fault| console_lack(crate::words::in_language(language), fault);
    let mut said = std::collections::BTreeSet::new();
    for fault in [
        PasswordFault::TooLong,
        PasswordFault::NotLatin,
        PasswordFault::TooShort(14),
        PasswordFault::NoSymbol,
        PasswordFault::NoNumber,
        PasswordFault::NoUppercase,
        PasswordFault::NoLowercase,
        PasswordFault::FewClasses,
        PasswordFault::Reused,
        PasswordFault::Unchanged,
    ] {
        for language in Language::ALL {
            let told = of(language, fault);
            assert!(!told.contains("password-lack") && !told.contains(&fault.to_string()), "{told}");
            assert!(said.insert(told), "{fault:?}");
        }
    }
    assert_eq!(of(Language::Spanish, PasswordFault::TooShort(14)), "necesita al menos 14 caracteres.");
    assert_eq!(of(Language::English, PasswordFault::TooLong), "it can have at most 128 characters.");
}

#[test]
fn a_code_that_a_link_filled_in_is_to_be_compared_and_has_the_focus() {
    let frame = Frame { words: crate::words::in_language(Language::English), place: "P".to_owned() };
    let flow = Flow { folder: "/p".to_owned(), sealed: "x".to_owned() };
    let html = |code| device_code(&frame, &flow, code, &[]).unwrap().html;
    assert!(
        html("WDJB-MJHT").contains("only if your device shows this very code")
            && html("").contains("Enter the code")
    );
    for code in ["", "WDJB-MJHT"] {
        assert!(html(code).contains(" autofocus"), "{code}");
    }
}

#[test]
fn what_programs_are_told_in_english_is_marked_as_such() {
    let frame = Frame { words: crate::words::in_language(Language::Spanish), place: "P".to_owned() };
    let html = |wrong| error(&frame, &wrong, "t").unwrap().html;
    assert!(
        html(Wrong::AppInEnglish("no <such> scope".to_owned()))
            .contains("<p lang=\"en\">no &#60;such&#62; scope</p>")
    );
    assert!(!html(Wrong::App("una frase".to_owned())).contains("lang=\"en\""));
}
