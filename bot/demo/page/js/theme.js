/** Light or dark: the system's wish until the person says otherwise. */
const wish = matchMedia("(prefers-color-scheme: dark)");
const listeners = [];

export const isDark = () => (document.documentElement.dataset.theme ?? (wish.matches ? "dark" : "light")) === "dark";

export const onTheme = (listener) => listeners.push(listener);

export function setUpTheme(button) {
  const kept = localStorage.getItem("sitrep-theme");
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
  button.addEventListener("click", () => {
    const next = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem("sitrep-theme", next);
    listeners.forEach((listener) => listener());
  });
  wish.addEventListener("change", () => listeners.forEach((listener) => listener()));
}
