// Copy from a terminal what was typed: no prompts, and nothing that was printed.
document.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest(".md-code__button[data-clipboard-target]");
    const code = button?.closest("pre")?.querySelector("code");
    // Not a terminal, or a here-document, which looks like output.
    if (!code?.querySelector(".gp") || code.textContent.includes("<<")) return;
    const typed = code.cloneNode(true);
    typed.querySelectorAll(".gp, .go").forEach((part) => part.remove());
    const lines = typed.textContent.split("\n").filter((line) => line.trim());
    button.setAttribute("data-clipboard-text", lines.join("\n") + "\n");
    button.removeAttribute("data-clipboard-target");
  },
  true,
);
