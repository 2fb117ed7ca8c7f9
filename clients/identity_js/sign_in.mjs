// Signs in with SRP as a page does that uses amazon-cognito-identity-js, unchanged. What it is to do is one line of
// JSON on standard input; what came of it is one line of JSON on standard output.
import { createInterface } from "node:readline";
import cognito from "amazon-cognito-identity-js";

const { AuthenticationDetails, CognitoUser, CognitoUserPool } = cognito;

function signIn({ endpoint, pool, client, username, password, newPassword, code }) {
  const userPool = new CognitoUserPool({ UserPoolId: pool, ClientId: client, endpoint });
  const user = new CognitoUser({ Username: username, Pool: userPool });
  const asked = [];
  return new Promise((resolve) => {
    const steps = {
      onSuccess: (session) =>
        resolve({
          asked,
          username: user.getUsername(),
          access: session.getAccessToken().decodePayload(),
          id: session.getIdToken().decodePayload(),
          valid: session.isValid(),
        }),
      onFailure: (error) => resolve({ asked, code: error.code, message: error.message }),
      newPasswordRequired: () => {
        asked.push("NEW_PASSWORD_REQUIRED");
        user.completeNewPasswordChallenge(newPassword, {}, steps);
      },
      totpRequired: (name) => {
        asked.push(name);
        user.sendMFACode(code, steps, name);
      },
    };
    user.authenticateUser(new AuthenticationDetails({ Username: username, Password: password }), steps);
  });
}

createInterface({ input: process.stdin }).once("line", async (line) => {
  console.log(JSON.stringify(await signIn(JSON.parse(line))));
  process.exit(0);
});
