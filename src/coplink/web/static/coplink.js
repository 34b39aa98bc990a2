// Small comforts; every page works without them.
"use strict";

(function () {
  const root = document.documentElement;

  // A learning platform's frame: tell it how tall the page is (LTI message "lti.frameResize"; it ignores what it does not know).
  let told = 0;
  const tell = function () {
    const height = Math.ceil(document.body.getBoundingClientRect().height) + 24;
    if (Math.abs(height - told) > 4) {
      told = height;
      window.parent.postMessage(JSON.stringify({ subject: "lti.frameResize", height: height }), "*");
    }
  };
  const watch = window.parent !== window ? new ResizeObserver(tell) : null;

  // For each page; a session without cookies shows several in one document.
  const fit = function () {
    if (watch) {
      watch.disconnect();
      watch.observe(document.body);
      tell();
    }

    // Copy buttons are shown only where copying works.
    if (navigator.clipboard) {
      document.querySelectorAll("[data-copy]").forEach(function (button) {
        button.hidden = false;
        button.addEventListener("click", function () {
          const field = document.getElementById(button.dataset.copy);
          navigator.clipboard.writeText(field.value).then(
            function () { button.textContent = "✓ " + button.textContent.replace("✓ ", ""); },
            function () { field.select(); }
          );
        });
      });
    }

    // The reader's own time zone, where none has been chosen yet.
    document.querySelectorAll("select[data-own-zone]").forEach(function (select) {
      if (!select.value) { select.value = Intl.DateTimeFormat().resolvedOptions().timeZone || ""; }
      if (select.selectedIndex < 0) { select.selectedIndex = 0; }
    });

    // What was chosen for a course goes back to it by itself.
    const onwards = document.querySelector("form[data-onwards=now]");
    if (onwards) { onwards.submit(); }

    // A suite that tells its theme on the token page: the form takes it along.
    const theme = document.querySelector("form input[name=theme]");
    if (theme) {
      const keep = function () { theme.value = root.dataset.theme || ""; };
      new MutationObserver(keep).observe(root, { attributeFilter: ["data-theme"] });
      keep();
    }
  };
  fit();
  document.addEventListener("coplink:shown", fit);
})();
