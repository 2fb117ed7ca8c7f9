// Passkeys: the one thing that a page cannot do without a script. Each form that asks for one is shown, asks the browser,
// and sends what the browser answers.
"use strict";

const ceremonies = {
  create: (publicKey) =>
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) }),
  get: (publicKey) =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) }),
};

async function ask(form) {
  const { ceremony, options } = form.dataset;
  const answer = await ceremonies[ceremony](JSON.parse(options));
  form.elements.namedItem("credential").value = JSON.stringify(answer.toJSON());
  form.submit();
}

for (const form of document.querySelectorAll("form[data-ceremony]")) {
  const problem = form.querySelector("[role=alert]");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.textContent = "";
    form.setAttribute("aria-busy", "true");
    try {
      await ask(form);
    } catch {
      // Cancelled, too late, or not possible here: the page says so, and the other ways stay open.
      problem.textContent = problem.dataset.text;
    } finally {
      form.removeAttribute("aria-busy");
    }
  });
}
