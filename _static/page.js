/* Small things of every page: the menu of downloads, printing, and wide parts that the keyboard can scroll. */
document.addEventListener("DOMContentLoaded", () => {
  const menu = document.querySelector(".page-menu")
  document.querySelectorAll(".print-page").forEach((button) => button.addEventListener("click", () => {
    menu.open = false
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

  const KINDS = "div.math, mjx-container[display='true'], .output, .text_html, .wide, .pst-scrollable-table-container"
  const reach = () => document.querySelectorAll(KINDS).forEach((part) => {
    const wide = part.scrollWidth > part.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(part).overflowX)
    if (wide) {
      part.tabIndex = 0
      part.setAttribute("role", "region")
      part.setAttribute("aria-label", part.querySelector("table") ? "Wide table: scrolls sideways" : "Wide equation: scrolls sideways")
    } else if (part.getAttribute("role") === "region" && part.tabIndex === 0) {
      ["tabindex", "role", "aria-label"].forEach((name) => part.removeAttribute(name))
    }
    part.classList.toggle("scrolls", wide)
  })
  const later = () => requestAnimationFrame(reach)
  addEventListener("load", () => {
    later()
    window.MathJax?.startup?.promise?.then(later)
  })
  addEventListener("resize", later)
  document.addEventListener("toggle", later, true)
})
