/* Before the page is drawn: the reader's colours, and settings that other scripts look for. */
(() => {
  const page = document.documentElement
  let mode = "auto"
  try {
    mode = localStorage.getItem("mode") || mode
  } catch {
    // a browser that keeps nothing follows its system
  }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches
  page.dataset.mode = mode
  page.dataset.theme = mode === "auto" ? (dark ? "dark" : "light") : mode
  window.togglebuttonSelector = ".toggle, .admonition.dropdown"
  window.toggleHintShow = "Click to show"
  window.toggleHintHide = "Click to hide"
  window.toggleOpenOnPrint = "true"
})()
