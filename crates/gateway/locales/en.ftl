# What the gateway's own pages say.

link-account = Your account
link-at-pool = How you sign in
link-mlflow = Back to MLflow
link-front = To the first page

front-title = What do you want to open?
front-lead = You are asked to sign in where you are not signed in yet.
front-open = MLflow: { $stage }
front-none = There is nothing here that you may open. Ask the people who run it for a role.

going-title = Signing in
going-on = Go on to the sign-in page

account-title = Your account
account-name = Signed in as
account-role = With the role
account-sign-out = Sign out

signed-out-title = You are signed out
signed-out-lead = Other tabs of this browser are signed out as well.
signed-out-in = Sign in again

refused-forbidden = Not allowed
refused-nobody = Nobody is signed in
refused-broken = That did not work
refused-other = This page cannot be shown
refused-why = This is what the gateway says about it:
refused-trace = If you ask for help, name this request:
