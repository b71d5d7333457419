/* What a number means, beside the number: hover, focus or a first tap opens it, Escape closes it.
   Without this script a number is a link to its card. */
(() => {
  const BOX = "finding-popover"
  const WAIT = { open: 120, close: 250 } // ms: a pointer that passes opens nothing, and has time to reach the box
  const files = new Map()
  let shown = null // { link, box }
  let wanted = null
  let timer = 0
  let openAtTap = null
  let dismissed = null
  let touched = false // the last pointer was a finger: a click of some browsers does not tell
  let width = document.documentElement.clientWidth

  const linkOf = (node) => node.closest?.("a.finding[href*='#']")
  const inside = (node) => node instanceof Node && shown?.box.contains(node)

  // A file of findings calls this when it has loaded; its script tells which one it is.
  window.jingjinjiFindings = (told) => { document.currentScript.told = told }
  const load = (address) => {
    if (!files.has(address)) {
      files.set(address, new Promise((resolve, reject) => {
        const script = document.createElement("script")
        script.onload = () => resolve(script.told)
        script.onerror = () => reject(new Error(address))
        script.src = address
        document.head.append(script)
      }))
    }
    return files.get(address)
  }
  const fileOf = (link) => link.href.split("#")[0].replace(/\.html$/, ".js")
  const idOf = (link) => decodeURIComponent(link.hash.slice(1))

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag)
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value))
    element.append(...children)
    return element
  }
  const draw = (tag, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag)
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value))
    return element
  }
  const bar = ([low, middle, high, zero], isProbability) => {
    const picture = draw("svg", { class: "finding-bar", viewBox: "-3 0 106 12", "aria-hidden": "true" })
    if (isProbability) picture.append(draw("path", { class: "scale", d: "M0 6H100" }))
    if (zero !== null) picture.append(draw("path", { class: "zero", d: `M${zero} 0V12` }))
    picture.append(draw("path", { class: "interval", d: `M${low} 6H${high}` }))
    picture.append(draw("circle", { cx: middle, cy: 6, r: 3 }))
    return picture
  }
  const links = (names, page, anchor) => names.flatMap((name, place) => [
    place ? ", " : "", page ? make("a", { href: page + anchor(name) }, name) : name,
  ])
  const build = (link, told, finding) => {
    const page = (name) => told[name] && new URL(told[name], fileOf(link)).href
    const rows = {
      Unit: [finding.unit || "none"],
      Data: links(finding.tables, page("data"), (name) => `#table-${name.replaceAll("_", "-")}`),
      Model: finding.model ? links([finding.model], page("models"), () => "") : ["none: from tables alone"],
      Checks: [finding.checks],
    }
    const facts = make("dl", {}, ...Object.entries(rows).filter(([, value]) => value.length)
      .flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, ...value)]))
    return make("div", { id: BOX, popover: "manual", role: "dialog", "aria-label": "What this number means" },
      make("p", { class: "value" }, make("strong", {}, finding.value), ` ${finding.interval}`),
      ...(finding.bar.length ? [bar(finding.bar, finding.unit === "probability")] : []),
      make("p", { id: `${BOX}-reading` }, finding.reading),
      facts,
      make("p", {}, make("a", { href: link.href }, "Open its card")))
  }
  const place = (link, box) => {
    const page = document.documentElement
    const lines = [...link.getClientRects()]
    const line = lines.at(-1)
    const { width, height } = box.getBoundingClientRect()
    const above = line.bottom + height + 8 > page.clientHeight && lines[0].top > height + 8
    const left = Math.max(8, Math.min(line.left, page.clientWidth - width - 8))
    box.style.left = `${left + scrollX}px`
    box.style.top = `${(above ? lines[0].top - height - 6 : line.bottom + 6) + scrollY}px`
  }
  const close = () => {
    clearTimeout(timer)
    wanted = null
    if (!shown) return
    shown.link.removeAttribute("aria-describedby")
    shown.box.remove()
    shown = null
  }
  /* Tab goes from number to number: the links of a box that the focus alone has opened come with the arrow down. */
  const skip = (box) => {
    box.querySelectorAll("a").forEach((inner) => { inner.tabIndex = -1 })
    box.lastChild.append(make("span", { class: "enter" }, "↓ leads to these links"))
  }
  const enter = (box) => {
    box.querySelectorAll("a").forEach((inner) => inner.removeAttribute("tabindex"))
    box.querySelector("a").focus()
  }
  const open = async (link, focused = false) => {
    clearTimeout(timer)
    if (shown?.link === link) return
    wanted = link
    let told = null
    try { told = await load(fileOf(link)) } catch { /* the link still works */ }
    if (wanted !== link) return
    const finding = told?.findings[idOf(link)]
    close()
    if (!finding) return link
    const box = build(link, told, finding)
    if (focused) skip(box)
    link.removeAttribute("title") // the box says it
    link.after(box)
    link.setAttribute("aria-describedby", `${BOX}-reading`)
    box.showPopover()
    place(link, box)
    shown = { link, box }
  }
  const later = (what, wait) => { clearTimeout(timer); timer = setTimeout(what, wait) }

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return
    const link = linkOf(event.target)
    if (link) { if (link !== dismissed) later(() => open(link), shown ? 0 : WAIT.open) }
    else if (inside(event.target)) clearTimeout(timer)
    else {
      dismissed = null
      if (wanted && !shown) close()
      if (shown && document.activeElement !== shown.link && !inside(document.activeElement)) later(close, WAIT.close)
      else clearTimeout(timer)
    }
  })
  document.addEventListener("focusin", ({ target }) => {
    const link = linkOf(target)
    if (link && link !== dismissed && link.matches(":focus-visible")) open(link, true)
    else if (shown && !link && !inside(target)) close()
    if (link !== dismissed) dismissed = null
  })
  document.addEventListener("keydown", (event) => {
    touched = false
    if (event.key === "Tab" && !files.size) { // what a reader hears of a number must be there when the focus arrives
      new Set([...document.querySelectorAll("a.finding[href*='#']")].map(fileOf)).forEach((file) => load(file).catch(() => null))
    }
    if (event.key === "ArrowDown" && shown && document.activeElement === shown.link) {
      event.preventDefault()
      enter(shown.box)
    }
    if (event.key !== "Escape" || !shown) return
    const { link } = shown
    const back = inside(document.activeElement)
    close()
    dismissed = link
    if (back) link.focus()
  })
  document.addEventListener("pointerdown", (event) => {
    touched = event.pointerType === "touch"
    openAtTap = shown?.link ?? null
    if (shown && !inside(event.target) && linkOf(event.target) !== shown.link) close()
  })
  document.addEventListener("click", (event) => {
    const link = linkOf(event.target)
    if (!link || !touched || openAtTap === link) return
    event.preventDefault()
    open(link).then((missing) => { if (missing) location.href = link.href })
  })
  addEventListener("resize", () => { // a phone's bar that folds changes the height alone, and the box stays right
    if (document.documentElement.clientWidth === width) return
    width = document.documentElement.clientWidth
    close()
  })
})()
