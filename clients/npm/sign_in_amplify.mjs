// Signs in to a user pool with AWS Amplify, as an app does; one JSON line in, one JSON line out.
import { Amplify } from "aws-amplify";
import {
  confirmSignIn,
  fetchAuthSession,
  fetchUserAttributes,
  getCurrentUser,
  signIn,
  signOut,
} from "aws-amplify/auth";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const told = JSON.parse(Buffer.concat(chunks).toString());

Amplify.configure({
  Auth: {
    Cognito: {
      userPoolId: told.pool,
      userPoolClientId: told.client,
      userPoolEndpoint: told.endpoint,
    },
  },
});

async function run() {
  const asked = [];
  let step = await signIn({ username: told.username, password: told.password, options: told.options });
  while (!step.isSignedIn) {
    const name = step.nextStep.signInStep;
    asked.push(name);
    const answer = told.answers?.[name];
    if (answer === undefined) return { asked };
    step = await confirmSignIn({ challengeResponse: answer });
  }
  const { tokens } = await fetchAuthSession();
  const user = await getCurrentUser();
  const attributes = told.attributes ? await fetchUserAttributes() : undefined;
  const renewed = (await fetchAuthSession({ forceRefresh: true })).tokens;
  const out = {
    asked,
    username: user.username,
    access: tokens.accessToken.payload,
    id: tokens.idToken.payload,
    token: renewed.accessToken.toString(),
    renewed: renewed.accessToken.toString() !== tokens.accessToken.toString(),
    attributes,
  };
  await signOut({ global: told.global === true });
  out.after = (await fetchAuthSession()).tokens ?? null;
  return out;
}

run().then(
  (done) => console.log(JSON.stringify(done)),
  (error) => console.log(JSON.stringify({ error: error.name, message: error.message })),
);
