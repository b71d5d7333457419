/* Small things of every page: the menu of downloads, printing, and wide parts that the keyboard can scroll. */
document.addEventListener("DOMContentLoaded", () => {
  const menu = document.querySelector(".page-menu")
  document.querySelectorAll(".print-page").forEach((button) => button.addEventListener("click", async () => {
    menu.open = false
    await window.setMathematics?.()
    window.print()
  }))
  const close = (event) => {
    if (menu?.open && !menu.contains(event.target)) menu.open = false
  }
  document.addEventListener("click", close)
  document.addEventListener("focusin", close)
  menu?.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return
    menu.open = false
    menu.querySelector("summary").focus()
  })

  /* Paper is white, whatever the screen was. */
  const paper = matchMedia("print")
  let screen = null
  const turn = (printing) => {
    const page = document.documentElement
    if (printing && !screen) [screen, page.dataset.theme] = [page.dataset.theme, "light"]
    else if (!printing && screen) [page.dataset.theme, screen] = [screen, null]
  }
  paper.addEventListener("change", () => turn(paper.matches))
  addEventListener("beforeprint", () => turn(true))
  addEventListener("afterprint", () => turn(false))

  const KINDS = "pre, div.math, mjx-container[display='true'], .output, .text_html, .wide, .pst-scrollable-table-container"
  const reach = (part) => {
    const wide = part.scrollWidth > part.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(part).overflowX)
    if (wide) {
      const what = part.querySelector("table") ? "Wide table" : part.matches(".math, mjx-container") ? "Wide equation" : "Wide text"
      part.tabIndex = 0
      part.setAttribute("role", "region")
      part.setAttribute("aria-label", `${what}: scrolls sideways`)
    } else if (part.classList.contains("scrolls")) {
      ["tabindex", "role", "aria-label"].forEach((name) => part.removeAttribute(name))
    }
    part.classList.toggle("scrolls", wide)
  }
  /* An observer tells sizes when they are known, so nothing is laid out earlier than it is seen. */
  const observer = new ResizeObserver((seen) => seen.forEach(({ target }) => reach(target)))
  document.querySelectorAll(KINDS).forEach((part) => observer.observe(part))
})
