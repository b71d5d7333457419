/* Mathematics is set when the reader comes near it or begins to move: the library weighs more than most pages. */
document.addEventListener("DOMContentLoaded", () => {
  const address = document.querySelector("meta[name=mathematics]")?.content
  const signs = ["scroll", "pointermove", "touchstart", "keydown", "beforeprint"]
  let begun = null
  const set = () => {
    begun ??= new Promise((done) => {
      const script = Object.assign(document.createElement("script"), { src: address })
      script.addEventListener("load", () => window.MathJax.startup.promise.then(done).then(window.findWideParts))
      document.head.append(script)
    })
    return begun
  }
  window.setMathematics = set
  const near = new IntersectionObserver((parts) => {
    if (!parts.some((part) => part.isIntersecting)) return
    near.disconnect()
    set()
  }, { rootMargin: "1000px 0px" })
  document.querySelectorAll(".math").forEach((part) => near.observe(part))
  signs.forEach((sign) => addEventListener(sign, set, { once: true, passive: true }))
})
