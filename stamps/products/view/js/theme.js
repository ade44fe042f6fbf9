// Light or dark: as the system has it, until somebody chooses. Runs before anything is drawn.

const CHOICES = ["auto", "light", "dark"], KEY = "stamps-view-theme";
const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");
let choice = "auto", printing = false, colours = {};

/** Storage is refused to some pages: opened as files, shown within others. */
function stored(value) {
  try {
    if (value !== undefined) localStorage.setItem(KEY, value);
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function apply() {
  const now = printing || choice === "light" || (choice === "auto" && !dark.matches) ? "light" : "dark";
  const changed = root.dataset.theme !== now;
  root.dataset.theme = now;
  if (!changed) return;
  colours = {};
  document.dispatchEvent(new Event("themechange"));
}

function choose(wanted) {
  choice = CHOICES.includes(wanted) ? wanted : "auto";
  apply();
}

choose(stored());
dark.addEventListener("change", apply);
addEventListener("beforeprint", () => { printing = true; apply(); });
addEventListener("afterprint", () => { printing = false; apply(); });

window.stampsTheme = {
  get choice() { return choice; },
  get isDark() { return root.dataset.theme === "dark"; },
  choose(wanted) { choose(wanted); stored(choice); },
  /** Light, dark, as the system has it, and again. */
  next() { this.choose(CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length]); },
  /** The colour that view.css gives a name, such as "ink", in the present theme. */
  colour(name) {
    return (colours[name] ??= getComputedStyle(root).getPropertyValue(`--${name}`).trim());
  },
};
