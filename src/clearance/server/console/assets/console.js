"use strict";
// Keys, theme and signing out; what the pages do themselves goes through NiceGUI.
(() => {
  const THEMES = ["system", "dark", "light"];

  function nextTheme() {
    const now = localStorage.getItem("clearance-theme") ?? "system";
    const next = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
    localStorage.setItem("clearance-theme", next);
    setDark({ dark: true, light: false }[next] ?? null);
    tellTheme();
  }

  // Editors have themes of their own, which the server sets.
  function tellTheme() {
    if (window.did_handshake) emitEvent("clearance_dark", Quasar.Dark.isActive);
    else setTimeout(tellTheme, 50);
  }
  window.addEventListener("load", tellTheme);

  function keys() {
    const dialog = document.getElementById("clearance-keys");
    if (dialog.open) dialog.close();
    else dialog.showModal();
  }

  async function signOut() {
    await fetch("/_clearance/sign-out", { method: "POST" });
    location.replace("/_clearance/");
  }

  async function copyLink(button) {
    await navigator.clipboard.writeText(location.href);
    button.textContent = "Copied";
  }

  const DEEDS = {
    "clearance-copy-link": copyLink,
    "clearance-theme": nextTheme,
    "clearance-keys": keys,
    "clearance-sign-out": signOut,
  };

  // Rows of a list are reached with the arrows, as in a mail reader.
  function move(row, step) {
    const list = row.closest("[role=list], tbody") ?? row.parentElement;
    const rows = [...list.querySelectorAll("[data-row]")];
    const next = rows[rows.indexOf(row) + step];
    if (next) next.focus();
    return Boolean(next);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-do]");
    if (button?.dataset.do in DEEDS) DEEDS[button.dataset.do](button);
  });

  let going = 0; // when `g` was pressed: a digit alone may be a value that missed its field
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = event.target;
    if (at.closest("input, textarea, select, [contenteditable=true], .cm-editor")) return;
    const row = at.closest("[data-row]");
    if (row && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      if (move(row, event.key === "ArrowDown" ? 1 : -1)) event.preventDefault();
    } else if (event.key === "?") keys();
    else if (event.key === "d") nextTheme();
    else if (event.key === "/") {
      const filter = document.querySelector("[data-filter] input, input[data-filter]");
      if (filter) {
        event.preventDefault();
        filter.focus();
      }
    } else if (event.key === "g") going = Date.now();
    else if (/^[1-9]$/.test(event.key) && Date.now() - going < 2000) {
      document.querySelector(`.side a[data-key="${event.key}"]`)?.click();
    }
  });
})();
