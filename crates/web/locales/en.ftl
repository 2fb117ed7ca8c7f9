# The sign-in pages in English. Every message here has its twin in es.ftl.

title-problem = Problem:
problem-heading = There is a problem

field-username = User name
field-username-or-address = User name or e-mail address
field-address = E-mail address
field-password = Password
field-new-password = New password
field-new-password-again = New password, once more
field-code = Code
field-user-code = Code on your device

sign-in-title = Sign in
sign-in-lead = to continue to { $client }
sign-in-lead-none = to continue
sign-in-submit = Sign in
sign-in-wrong = User name or password is wrong. Check both and try again.
sign-in-wait = Too many wrong tries. Wait a while, then try again.
sign-in-reset = Your password must be set anew before you can sign in. Use “Forgotten password”.
sign-in-expired = Your temporary password has run out. Ask an administrator for another one.
link-forgot = Forgotten password?
link-sign-up-before = New here?
link-sign-up = Create an account
link-back = Back to sign-in
link-other-user = Sign in as someone else

code-title = Enter your code
code-lead = Open your authenticator app and enter the six digits it shows for this account.
code-submit = Continue
code-wrong = The code is wrong or was used before. Enter the code that the app shows now.

authenticator-title = Set up your authenticator app
authenticator-lead = Your team asks for a second factor. Scan the picture with an authenticator app, then enter the six digits it shows.
authenticator-picture = QR code that holds the key below
authenticator-key = Cannot scan it? Enter this key in the app:
authenticator-submit = Continue
authenticator-wrong = The code does not fit the key. Enter the code that the app shows now.

forgot-title = Forgotten password
forgot-lead = Enter your user name. If there is an account with an address to write to, a code is on its way to it.
forgot-submit = Send the code
forgot-too-often = Too many codes were asked for. Wait an hour, then try again.

reset-title = Set a new password
reset-lead = If there is such an account, a code was sent to its address. It is good for an hour.
reset-submit = Set the password
reset-wrong-code = The code is wrong. Check the message, or ask for another code.
reset-expired-code = The code is no longer good. Ask for another one.
reset-done = Your password is set. Sign in with it now.
link-another-code = Send another code

new-password-title = Choose your own password
new-password-lead = The password you came with was set by an administrator. Choose one that only you know.
new-password-submit = Continue
password-hint = { $length ->
    [one] At least one character
   *[other] At least { $length } characters
}{ $classes ->
    [none] .
   *[other] , with { $classes }.
}
password-class-upper = a capital letter
password-class-lower = a small letter
password-class-digit = a digit
password-class-symbol = a symbol
password-class-and = and
password-refused = That password cannot be used: { $reason }
password-lack-short = { $least ->
    [one] it needs at least one character.
   *[other] it needs at least { $least } characters.
}
password-lack-long = it can have at most { $most } characters.
password-lack-space = it can neither begin nor end with a space.
password-lack-lower = it needs a small letter.
password-lack-upper = it needs a capital letter.
password-lack-digit = it needs a digit.
password-lack-symbol = it needs a symbol.
password-lack-common = many people use it. Choose another.
password-lack-personal = it is made of your name or address. Choose another.
password-lack-guessable = it can be guessed. Add a word or two that do not go together.
password-lack-former = you have used it before. Choose another.
password-lack-unchanged = it is the one you have. Choose another.
password-lack-latin = only letters of the Latin alphabet, digits and common signs can stand in it.
password-lack-classes = it needs three of: capital letters, small letters, digits, symbols.
password-lack-other = try another.
password-differs = The two passwords differ. Enter the same one twice.

sign-up-title = Create an account
sign-up-submit = Create the account
sign-up-taken = An account with these details cannot be created. If you have one already, sign in.
sign-up-refused = The account cannot be created: { $reason }
link-have-account-before = Have an account?

confirm-title = Confirm your address
confirm-lead = A code was sent to your address. It is good for a day.
confirm-not-sent = Your account is made, but the code could not be sent. Ask for another one in a moment.
confirm-submit = Confirm
confirm-done = Your address is confirmed. Sign in now.
confirm-sent = If there is an account to confirm, another code is on its way.

consent-title = Allow { $client }?
consent-lead = You are signed in as { $user }. { $client } asks to:
consent-allow = Allow
consent-deny = Do not allow
scope-openid = know who you are
scope-email = see your e-mail address
scope-phone = see your phone number
scope-profile = see your profile
scope-admin = read and change your own account
scope-other = use { $scope }

device-title = Connect a device
device-lead = Enter the code that your device shows.
device-lead-filled = Go on only if your device shows this very code.
device-submit = Continue
device-too-often = Too many wrong codes came from your network. Wait a quarter of an hour, then try again.
device-wrong = That code is not known or has run out. Check it, or start again on the device.
device-ask-title = Connect this device?
device-ask-lead = You are signed in as { $user }. A device that says it is { $client } shows the code { $code }. Allow it only if that device is before you. It asks to:
device-done-title = Device connected
device-done-lead = You can close this page and go on at your device.
device-denied-title = Device not connected
device-denied-lead = Nothing was allowed. You can close this page.

sign-out-title = Sign out?
sign-out-lead = You are signed in as { $user }.
sign-out-submit = Sign out
signed-out-title = You are signed out
signed-out-lead = This browser no longer knows you here. What other apps keep is up to them.

error-title = This did not work
error-trace = If you ask for help, name this request:
error-app-lead = The app that sent you here asked in a way that cannot be answered.
error-app-help = You cannot mend this yourself. Tell the people who run the app what stands here.
error-expired-title = This page has run out
error-expired-lead = It was open for too long, or in another browser. Nothing was changed.
error-expired-help = Go back to the app and start again.
error-cookie-lead = The form did not come from this browser's own page. If cookies are off for this site, turn them on.
error-not-found-title = There is no such page
error-not-found-lead = The address may be mistyped or out of date.
error-busy-title = Try again in a moment
error-busy-lead = The service cannot answer right now. Nothing was changed.

reason-unknown-client = The app is not known here, or not known any more.
reason-redirect = The address to return to, `{ $uri }`, is not one the app has registered.
reason-no-redirect = The app does not say where to return to.
reason-client-closed = This app is not set up for signing in with a browser.

continue-with = Continue with { $provider }
link-offer = There is already an account with the proved address { $email }. Sign in to it once, and { $provider } leads to it from now on.
provider-title = You are not signed in
provider-unreachable = { $provider } does not answer right now.
provider-unusable = { $provider } answered in a way that cannot be trusted or used.
provider-denied = { $provider } did not let you through, or you chose not to go on.
provider-spent = This sign-in with { $provider } was used before, took too long, or something changed meanwhile.
provider-disabled = Your account here cannot be used with { $provider } now. Ask an administrator.
provider-taken = Somebody else has an account here with the name or address that { $provider } gave. If that is you, sign in to it in the way you did before, or ask an administrator to link the two.
provider-unfit = What { $provider } says of you does not fit what is kept here. Ask an administrator.
provider-unknown = Signing in with { $provider } is not possible here.
provider-help = Nothing was changed. You can try again, or sign in another way.
field-recovery-code = Recovery code
field-passkey-name = Name of the passkey
field-passkey-name-hint = So that you know it again, for instance “Work laptop”. It may stay empty.

passkey-submit = Use a passkey
passkey-title = Use your passkey
passkey-lead = Your password is right. Confirm that it is you with your passkey.
passkey-failed = The passkey was not used: it was cancelled, took too long, or this browser has none. Try again, or take another way.
passkey-refused = That passkey is not accepted here. Take another one, or another way.
passkey-needs-script = Passkeys need JavaScript. Switch it on for this site, or take another way.
link-use-app = Use your authenticator app
link-use-passkey = Use a passkey
link-use-recovery = Use a recovery code
link-account = Back to your account

recovery-title = Use a recovery code
recovery-lead = Enter one of the codes you kept. Each is good once.
recovery-wrong = The code is wrong or was used before. Take another one of your list.

sign-in-again = It is a while since you signed in. Sign in again to change your account.

account-title = Your account
account-out-lead = Open the app you use and sign in there. After that this page shows your account.
account-passkeys = Passkeys
account-passkeys-lead = Sign in with a finger, your face or a PIN in place of a password.
account-passkey-made = Made on { $day }
account-passkey-add = Add a passkey
account-passkey-remove = Remove { $name }
account-remove = Remove
account-passkey-added = The passkey is kept.
account-passkey-removed = The passkey is removed.
account-app = Authenticator app
account-app-lead = An app on your phone shows a code that is asked for after your password.
account-app-on = A code of your app is asked for when you sign in with your password.
account-app-idle = You have an app, but its code is not asked for here.
account-app-set-up = Set up an app
account-app-scan = Scan the picture with an authenticator app, then enter the six digits it shows.
account-app-remove = Remove the app
account-app-added = The app is set up. Its code is asked for from now on.
account-app-removed = The app is removed.
account-factor-needed = A second factor is asked of you. Set up another one before you remove this one.
account-codes = Recovery codes
account-codes-left = { $left ->
    [0] You have no recovery codes. Make some, in case you lose what you sign in with.
    [one] You have one recovery code left. Make new ones soon.
   *[other] You have { $left } recovery codes left.
}
account-codes-made = Your recovery codes were made already, and cannot be shown again. If you have not kept them, make new ones.
account-codes-make = Make new codes

add-passkey-title = Add a passkey
add-passkey-lead = Your browser will ask where to keep it: on this device, on a phone, or on a security key.
add-passkey-submit = Make the passkey
add-passkey-refused = The passkey was not kept. Try again, with another device if it happens twice.

codes-title = Your recovery codes
codes-lead = Keep these where you find them without your phone. Each is good once, in place of your second factor.
codes-once = They are shown this once. The codes you had before are no longer good.

password-class-three = three of: capital letters, small letters, digits, symbols
console-sign-in-lead = with a user of the account { $account }
console-wrong = Account, user name or password is wrong. Check them and try again.
console-expired = Your password has run out. Ask an administrator of the account for another one.
console-reset-lead = The password you came with was set by an administrator. Choose one that only you know.
console-expired-lead = Your password is older than the account allows. Choose another one.
console-may-not-change = You may not set your own password. Ask an administrator of the account for the right to do so, or for another password.
console-title = You are signed in
console-who = Who
console-account = Account
console-mfa = Second factor
console-mfa-yes = Shown
console-mfa-no = Not shown
console-until = Until
console-link-password = Change your password
console-password-title = Change your password
console-password-lead = You stay signed in here. All other browsers are signed out.
console-password-submit = Change the password
console-password-changed = Your password is changed.
console-field-old = Your password now
console-old-wrong = That is not your password now.
not-signed-in-title = You are not signed in
console-out-lead = Which account do you want to sign in to?
front-title = Sign in to an account
front-lead = Garita says who may do what on your team's machine-learning platform. IAM users of its accounts sign in here.
front-account = Account
front-account-hint = Its number of twelve digits, or its alias.
front-submit = Continue
front-no-account = That is neither the number of an account nor an alias. Ask an administrator of the account which it is.
front-apps = Looking for MLflow or another app? It has an address of its own, and asks you to sign in there.
front-programs = Programs use the address of this page for the AWS API.
console-another-title = Somebody is signed in already
console-another-lead = This browser is signed in as { $user }.
console-another-help = Sign out first, then follow the link again.
console-token-lead = The link you followed signs in once, within a quarter of an hour. Nobody was signed in.
console-token-help = Go back to where you came from and ask for another one.
link-console = To the console
console-destination = The address to go to is not one of this site.
