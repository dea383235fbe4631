try {
  var theme = localStorage.getItem("watchpost.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch (e) {
  /* storage is blocked: the system's preference stands */
}
