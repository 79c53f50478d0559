/* Passkeys: has allauth's script ask the browser for one, on the pages that add one or ask for one, and says where none
   came. What is asked for stands in #passkey-data. */
(() => {
  "use strict";

  const forms = window.allauth.webauthn.forms;
  const add = document.getElementById("passkey-add");
  const use = document.getElementById("passkey-use");
  if (add) forms.addForm({ ids: { add: add.id, credential: add.dataset.credential, data: "passkey-data" } });
  if (use) forms.authenticateForm({ ids: { authenticate: use.id, credential: use.dataset.credential, data: "passkey-data" } });

  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    document.getElementById("passkey-error").hidden = false;
  });
})();
