"use strict";
// The token comes in the fragment, which no server and no Referer ever sees; it is spent here.
const said = document.getElementById("said");

async function signIn(token) {
  const answer = await fetch("/_clearance/sign-in", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (answer.ok) {
    location.replace(location.pathname + location.search);
    return;
  }
  said.textContent = await answer.text();
  said.className = "wrong";
}

function spendToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return false;
  history.replaceState(null, "", location.pathname + location.search);
  signIn(given);
  return true;
}

// Who pastes the address while this page is open changes no more than its fragment.
window.addEventListener("hashchange", spendToken);
if (!spendToken()) {
  // Who follows a link from elsewhere is signed in already, but the browser kept the cookie back.
  fetch("/_clearance/sign-in").then((answer) => answer.ok && location.reload());
}
document.getElementById("form").addEventListener("submit", (event) => {
  event.preventDefault();
  signIn(document.getElementById("token").value.trim());
});
