// Runs before the first paint, so that a dark-theme user never sees a white flash.
(function () {
  var stored = null;
  try {
    stored = localStorage.getItem("mayak.theme");
  } catch {
    // Storage is blocked: the system's theme is used.
  }
  var dark =
    stored === "dark" ||
    (stored !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  var root = document.documentElement;
  root.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
  root.style.backgroundColor = dark ? "#151518" : "#ffffff";
})();
