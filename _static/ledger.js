/* The claims ledger: filter and sort in the page. Without this script the table is whole and in the order of its verdicts. */
document.addEventListener("DOMContentLoaded", () => {
  const table = document.querySelector("table.ledger")
  if (!table) return
  const body = table.tBodies[0]
  const rows = [...body.rows]
  const COLUMNS = { number: 0, chapter: 2, verdict: 3 }
  const SHOWN_ON_A_PHONE = 15
  const narrow = matchMedia("(max-width: 600px)")
  const text = (row, column) => row.cells[column].textContent.trim()
  const article = (row) => row.querySelector(".claim-source").textContent.split(" (")[0]
  const read = { chapter: (row) => text(row, COLUMNS.chapter), verdict: (row) => text(row, COLUMNS.verdict), article }
  const address = new URLSearchParams(location.search)
  const parts = document.querySelectorAll(".claims-bar a[data-verdict]")
  let all = false

  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties)
    element.append(...children)
    return element
  }
  const select = (name) => {
    const asked = name === "verdict" ? [...parts].map((part) => part.dataset.verdict) : []
    const values = [...new Set([...rows.map(read[name]), ...asked, address.get(name)].filter(Boolean))]
    if (name !== "verdict") values.sort()
    const count = (value) => rows.filter((row) => read[name](row) === value).length
    const options = values.map((value) => make("option", { value }, `${value} (${count(value)})`))
    const field = make("select", { name }, make("option", { value: "" }, `any ${name}`), ...options)
    field.value = address.get(name) || ""
    return field
  }
  const search = make("input", { type: "search", name: "words", value: address.get("words") || "" })
  const fields = [search, ...Object.keys(read).map(select)]
  const field = (name) => fields.find((one) => one.name === name)
  const reset = make("button", { type: "button" }, "Reset the filter")
  const status = make("p", { role: "status", className: "ledger-status" })
  const back = make("button", { type: "button", className: "ledger-back" }, "Change the filter")
  const strip = make("div", { className: "ledger-strip" }, status, back)
  const more = make("button", { type: "button", className: "ledger-more" })
  const form = make("form", { className: "ledger-filter" }, ...fields.map((one) => make("label", {}, one.name, one)), reset)
  form.addEventListener("submit", (event) => event.preventDefault())

  const fits = (row) => fields.every((one) => {
    if (one === search) return search.value.toLowerCase().split(/\s+/).every((word) => row.haystack.includes(word))
    return !one.value || read[one.name](row) === one.value
  })
  const said = (count) => {
    if (count) return `${count} of ${rows.length} claims`
    const none = Object.keys(read).find((name) => field(name).value && !rows.some((row) => read[name](row) === field(name).value))
    return `0 of ${rows.length} claims: ${none ? `no claim has this ${none}` : "no claim fits all of this"}. “Reset the filter” shows every claim again.`
  }
  const filter = () => {
    const fitting = [...body.rows].filter(fits)
    const most = narrow.matches && !all ? SHOWN_ON_A_PHONE : rows.length
    rows.forEach((row) => {
      row.hidden = !fitting.includes(row)
      row.classList.toggle("later", fitting.indexOf(row) >= most)
    })
    more.hidden = fitting.length <= most
    more.textContent = `Show the other ${fitting.length - most} claims`
    status.textContent = said(fitting.length)
    const chosen = new URLSearchParams(fields.filter((one) => one.value).map((one) => [one.name, one.value]))
    reset.disabled = !chosen.size
    parts.forEach((part) => {
      if (part.dataset.verdict === field("verdict").value) part.setAttribute("aria-current", "true")
      else part.removeAttribute("aria-current")
    })
    const query = chosen.size ? `?${chosen}` : ""
    if (query !== location.search) history.replaceState(null, "", location.pathname + query + (query ? "" : location.hash))
  }
  const sort = (header, column) => {
    const down = header.getAttribute("aria-sort") === "ascending"
    table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"))
    header.setAttribute("aria-sort", down ? "descending" : "ascending")
    const rank = (row) => (column === COLUMNS.verdict ? row.rank : text(row, column))
    const order = (one, other) => (rank(one) < rank(other) ? -1 : rank(one) > rank(other) ? 1 : one.place - other.place)
    body.append(...[...rows].sort((one, other) => (down ? order(other, one) : order(one, other))))
    filter()
  }
  const show = () => {
    const row = rows.find((one) => one.id === location.hash.slice(1))
    if (!row) return
    fields.forEach((one) => { one.value = "" })
    filter()
    row.classList.remove("later")
    row.querySelector("details").open = true
    row.scrollIntoView()
  }

  const verdicts = [...new Set(rows.map(read.verdict))]
  rows.forEach((row, place) => {
    Object.assign(row, { place, rank: verdicts.indexOf(read.verdict(row)), haystack: row.textContent.toLowerCase() })
  })
  Object.values(COLUMNS).forEach((column) => {
    const header = table.tHead.rows[0].cells[column]
    const button = make("button", { type: "button", className: "ledger-sort" }, header.textContent.trim())
    button.addEventListener("click", () => sort(header, column))
    const printed = make("span", { className: "ledger-head", ariaHidden: "true" }, button.textContent)
    header.replaceChildren(button, printed)
  })
  fields.forEach((one) => one.addEventListener("input", filter))
  reset.addEventListener("click", () => {
    fields.forEach((one) => { one.value = "" })
    filter()
    search.focus()
  })
  more.addEventListener("click", () => {
    all = true
    const next = [...body.rows].filter(fits)[SHOWN_ON_A_PHONE]
    filter()
    next?.querySelector("a")?.focus()
  })
  narrow.addEventListener("change", filter)
  back.addEventListener("click", () => form.scrollIntoView())
  parts.forEach((part) => part.addEventListener("click", (event) => {
    event.preventDefault()
    const chosen = field("verdict")
    chosen.value = chosen.value === part.dataset.verdict ? "" : part.dataset.verdict
    filter()
    if (document.querySelector(".claims-parts").contains(part)) return
    form.scrollIntoView({ block: "start" })
  }))
  const box = table.closest(".pst-scrollable-table-container") || table
  box.before(form, strip)
  box.after(more)
  filter()
  addEventListener("hashchange", show)
  if (location.hash) show()
})
