// A session without any cookie: its secret is kept in a variable here and sent with every request this page makes.
// Links and forms of our own are fetched and shown in place. What leads elsewhere, or into a new tab, is left alone.
"use strict";

(function () {
  const SECRET = "X-Coplink-Session", GO = "X-Coplink-Go", WAIT = 60000;
  const unreachable = document.querySelector("[data-unreachable]").dataset.unreachable;
  let secret = "", under = null, shown = "";

  document.addEventListener("coplink:proof", function (event) {
    const form = new URLSearchParams(event.detail);
    visit("/lti/held", { method: "POST", body: form }, "replace");
  }, { once: true });

  // Fetch an address of ours and show its page. ``record`` says how the address enters the history: push, replace, no.
  async function visit(address, request, record) {
    if (under && under.posts) { return; } // nothing is sent twice
    if (under) { under.abort.abort(); }
    const mine = under = { abort: new AbortController(), posts: request.method === "POST" };
    const late = setTimeout(function () { mine.abort.abort("late"); }, WAIT);
    document.body.setAttribute("aria-busy", "true");
    try {
      // "same-origin" also stops a redirect to another site before the header gets there
      const how = Object.assign({ mode: "same-origin", headers: secret ? { [SECRET]: secret } : {}, signal: mine.abort.signal }, request);
      const answer = await fetch(address, how);
      const kind = answer.headers.get("Content-Type") || "", go = answer.headers.get(GO);
      secret = answer.headers.get(SECRET) || secret;
      if (go) {
        under = null;
        await visit(go, {}, record);
      } else if (kind.startsWith("text/html")) {
        const hash = new URL(address, location.href).hash;
        show(await answer.text(), answer.url, hash, request.method === "POST" && !answer.redirected ? "no" : record);
      } else {
        save(await answer.blob(), answer);
      }
    } catch (problem) {
      if (!mine.abort.signal.aborted || mine.abort.signal.reason === "late") { say(unreachable); }
    } finally {
      clearTimeout(late);
      if (under === mine || under === null) { under = null; document.body.removeAttribute("aria-busy"); }
    }
  }

  function show(text, address, hash, record) {
    const page = new DOMParser().parseFromString(text, "text/html"); // its scripts do not run
    page.querySelectorAll("noscript").forEach(function (one) { one.remove(); });
    document.title = page.title;
    document.documentElement.lang = page.documentElement.lang;
    if (page.documentElement.dataset.theme) { document.documentElement.dataset.theme = page.documentElement.dataset.theme; }
    if (record === "push" && address + hash === location.href) { record = "replace"; } // as browsers do
    if (record === "push") { history.pushState(null, "", address + hash); }
    if (record === "replace") { history.replaceState(null, "", address + hash); }
    shown = location.pathname + location.search;
    document.body.replaceWith(document.importNode(page.body, true));
    // Signing in elsewhere is not for frames.
    document.querySelectorAll("a[href^='/door/']").forEach(function (one) { one.target = "_blank"; one.rel = "noopener"; });
    if (window.htmx) { window.htmx.process(document.body); }
    document.dispatchEvent(new Event("coplink:shown"));
    const named = hash && document.getElementById(hash.slice(1));
    const main = document.querySelector("[autofocus]") || document.getElementById("main");
    if (main) { main.focus({ preventScroll: true }); }
    if (named) { named.scrollIntoView(); } else { scrollTo(0, 0); }
  }

  function save(content, answer) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(content);
    link.download = new URL(answer.url).pathname.split("/").pop();
    link.click();
    URL.revokeObjectURL(link.href);
  }

  function say(sentence) {
    const failed = document.querySelector("[data-failed]"); // on the first page there is nothing yet to go back to
    if (failed) {
      document.querySelector("[data-ask]").hidden = true;
      failed.hidden = false;
      return;
    }
    document.querySelectorAll("[data-said]").forEach(function (one) { one.remove(); });
    const box = document.createElement("div"), words = document.createElement("p");
    box.className = "box bad";
    box.dataset.said = "";
    box.setAttribute("role", "alert");
    words.textContent = sentence;
    box.append(words);
    document.getElementById("main").prepend(box);
  }

  function ours(address, target) {
    return new URL(address, location.href).origin === location.origin && (!target || target === "_self");
  }

  document.addEventListener("click", function (event) {
    const link = event.target.closest && event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) { return; }
    if (link.hasAttribute("download") || link.getAttribute("href").startsWith("#") || !ours(link.href, link.target)) { return; }
    event.preventDefault();
    visit(link.href, {}, "push");
  });

  document.addEventListener("submit", function (event) {
    const form = event.target, button = event.submitter; // attributes: a field may be called "method"
    const address = (button && button.getAttribute("formaction")) || form.getAttribute("action") || location.href;
    if (event.defaultPrevented || "onwards" in form.dataset || !ours(address, form.getAttribute("target"))) { return; }
    event.preventDefault();
    const data = new FormData(form);
    if (button && button.name) { data.append(button.name, button.value); }
    if (form.getAttribute("method") !== "post") {
      const url = new URL(address, location.href);
      url.search = new URLSearchParams(data).toString();
      visit(url.href, {}, "push");
    } else {
      const body = form.getAttribute("enctype") === "multipart/form-data" ? data : new URLSearchParams(data);
      visit(address, { method: "POST", body: body }, "push");
    }
  });

  document.addEventListener("htmx:configRequest", function (event) {
    if (secret) { event.detail.headers[SECRET] = secret; }
  });

  addEventListener("popstate", function () { // also told when only the part after "#" has changed
    if (location.pathname + location.search !== shown) { visit(location.href, {}, "no"); }
  });
})();
