/* Starts the slides: arrows and space go on, S opens the speaker's notes, L turns between dark and light. */
if (/print-pdf/.test(location.search)) document.documentElement.dataset.theme = "light"
Reveal.initialize({
  width: 1280,
  height: 720,
  margin: 0,
  center: false,
  hash: true,
  slideNumber: "c/t",
  transition: "none",
  backgroundTransition: "none",
  navigationMode: "linear",
  scrollActivationWidth: null,
  pdfMaxPagesPerSlide: 1,
  plugins: [RevealNotes],
})
Reveal.addKeyBinding({ keyCode: 76, key: "L", description: "Dark or light" }, () => {
  const page = document.documentElement
  page.dataset.theme = page.dataset.theme === "dark" ? "light" : "dark"
})
