// An app that signs people in with a certified OpenID Connect client. It reads a job from standard input, as JSON, and
// answers one line of JSON for each step; the browser is the test's own.
import * as readline from "node:readline/promises";
import * as client from "openid-client";

const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const read = async () => JSON.parse((await lines.next()).value);
const say = (value) => console.log(JSON.stringify(value));

const plain = { execute: [client.allowInsecureRequests] };
const authentication = { post: client.ClientSecretPost, basic: client.ClientSecretBasic, none: client.None };

async function discovered({ issuer, clientId, secret, method }) {
  return client.discovery(new URL(issuer), clientId, secret, authentication[method](secret), plain);
}

async function signIn(job) {
  const config = await discovered(job);
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: job.redirectUri,
    scope: job.scope,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
    ...job.parameters,
  });
  say({ url: url.href });
  const { callback } = await read();
  const tokens = await client.authorizationCodeGrant(config, new URL(callback), {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
    maxAge: job.maxAge,
  });
  const claims = tokens.claims();
  const user = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  const again = await client.refreshTokenGrant(config, tokens.refresh_token);
  const told = job.secret ? await client.tokenIntrospection(config, again.access_token) : null;
  await client.tokenRevocation(config, tokens.refresh_token);
  const after = await client.fetchUserInfo(config, again.access_token, claims.sub).then(
    () => "answered",
    (error) => error.status,
  );
  const end = client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, client_id: job.clientId });
  say({ claims, user, introspected: told, afterRevocation: after, end: end.href });
}

async function device(job) {
  const config = await discovered(job);
  const started = await client.initiateDeviceAuthorization(config, { scope: job.scope });
  say({ url: started.verification_uri, code: started.user_code });
  await read();
  const tokens = await client.pollDeviceAuthorizationGrant(config, { ...started, interval: 1 });
  say({ scope: tokens.scope, idToken: tokens.id_token !== undefined });
}

async function machine(job) {
  const config = await discovered(job);
  const tokens = await client.clientCredentialsGrant(config, { scope: job.scope });
  say({ scope: tokens.scope, refresh: tokens.refresh_token !== undefined });
}

const jobs = { signIn, device, machine };
const job = await read();
try {
  await jobs[job.kind](job);
} catch (error) {
  say({ failed: `${error.name}: ${error.message}`, code: error.code ?? null, cause: `${error.cause?.error ?? ""}` });
}
process.exit(0);
