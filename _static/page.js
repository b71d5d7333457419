/* Small things of every page: its menus, printing, and wide parts that the keyboard can scroll. */
document.addEventListener("DOMContentLoaded", () => {
  const menus = document.querySelectorAll(".page-menu")
  document.querySelectorAll(".print-page").forEach((button) => button.addEventListener("click", async () => {
    button.closest(".page-menu").open = false
    await window.setMathematics?.()
    window.print()
  }))
  const close = (event) => {
    menus.forEach((menu) => {
      if (menu.open && !menu.contains(event.target)) menu.open = false
    })
  }
  document.addEventListener("click", close)
  document.addEventListener("focusin", close)
  menus.forEach((menu) => menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return
    menu.open = false
    menu.querySelector("summary").focus()
  }))

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
    if (wide === part.classList.contains("scrolls")) return
    part.classList.toggle("scrolls", wide)
    if (wide) {
      const what = part.querySelector("table") ? "Wide table" : part.matches(".math, mjx-container") ? "Wide equation" : "Wide text"
      part.tabIndex = 0
      part.setAttribute("role", "group")
      part.setAttribute("aria-label", `${what}: scrolls sideways`)
    } else {
      ["tabindex", "role", "aria-label"].forEach((name) => part.removeAttribute(name))
    }
  }
  /* To ask for a width lays a part out, so a few are asked whenever the browser has nothing else to do. */
  const idle = window.requestIdleCallback || ((work) => setTimeout(() => work({ timeRemaining: () => 10 }), 50))
  let waiting = []
  const work = (slice) => {
    do waiting.splice(0, 5).forEach(reach)
    while (waiting.length && slice.timeRemaining() > 5)
    if (waiting.length) idle(work, { timeout: 200 })
  }
  window.findWideParts = () => {
    const begun = waiting.length > 0
    waiting = [...document.querySelectorAll(KINDS)]
    if (waiting.length && !begun) idle(work, { timeout: 200 })
  }
  addEventListener("load", window.findWideParts)
  addEventListener("resize", window.findWideParts)
  document.addEventListener("toggle", window.findWideParts, true)
})
