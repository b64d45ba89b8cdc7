// Runs before the first paint: the chosen theme, if one was chosen.
try {
  const theme = localStorage.getItem("cocoon.theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden: the system's theme stays.
}
