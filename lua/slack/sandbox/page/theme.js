// Light or dark as the system says, or as the person chose before; loaded before the
// first picture is drawn.

(() => {
  const KEY = "lua-slack theme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  function apply() {
    const chosen = localStorage.getItem(KEY);
    document.documentElement.dataset.theme = chosen || (system.matches ? "dark" : "light");
  }

  window.theme = {
    chosen: () => localStorage.getItem(KEY) || "system",
    choose(name) {
      if (name === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, name);
      apply();
    },
  };
  system.addEventListener("change", apply);
  apply();
})();
