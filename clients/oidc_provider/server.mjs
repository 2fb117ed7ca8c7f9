// A certified OpenID Connect provider on loopback. Its configuration is one line of JSON on standard input; it says
// `ready` when it listens, and ends when standard input closes.
import { createInterface } from "node:readline";
import Provider from "oidc-provider";

function serve({ issuer, port, keys, clients, lifetime, callbacks, people }) {
  const provider = new Provider(issuer, {
    clients: clients.map((id) => ({
      client_id: id,
      client_secret: "not-a-secret",
      redirect_uris: ["https://app.example/callback", ...callbacks],
    })),
    jwks: { keys },
    cookies: { keys: ["not-a-secret"] },
    features: { devInteractions: { enabled: true } },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    ttl: { IdToken: lifetime, AccessToken: 60, AuthorizationCode: 60, Grant: 600, Interaction: 600, Session: 600 },
  });
  provider.listen(port, "127.0.0.1", () => console.log("ready"));
}

const lines = createInterface({ input: process.stdin });
lines.once("line", (line) => serve(JSON.parse(line)));
lines.once("close", () => process.exit(0));
