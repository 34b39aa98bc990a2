// The page inside the Teams tab: asks Teams who is here, puts the answer into the page's form and submits it.
// Talks to Teams through Microsoft's own client library, MicrosoftTeams.min.js, which lies beside this file. Messages
// are taken only from the origins in data-origins (and those the library itself knows as Microsoft's).
(function () {
  "use strict";
  var PATIENCE = 15000;
  var here = document.currentScript;
  var themes = {default: "light", light: "light", dark: "dark", contrast: "contrast"};
  var sent = false;

  function setting(name) {
    var holder = document.querySelector("[data-" + name + "]");
    return holder ? holder.getAttribute("data-" + name) : "";
  }

  function theme(name) {
    var ours = themes[name] || "light";
    document.documentElement.dataset.theme = ours;
    var field = document.querySelector("form [name=theme]");
    if (field) field.value = ours;
  }

  // Show one sentence in place of the waiting one; the page itself says what to do without Teams.
  function say(sentence) {
    if (sent) return;
    var place = document.querySelector("[role=status]") || document.getElementById("tab-status");
    if (!place) {
      place = document.createElement("p");
      place.id = "tab-status";
      (document.querySelector("main") || document.body).appendChild(place);
    }
    place.setAttribute("role", "alert");
    place.textContent = sentence;
  }

  function submit(token) {
    if (sent) return;
    var form = document.querySelector("form");
    var field = form && form.querySelector("[name=token]");
    if (!field) {
      say("This page is incomplete. Close the tab and open it again.");
      return;
    }
    sent = true;
    field.value = token;
    form.submit();
  }

  function library() {
    if (window.microsoftTeams) return Promise.resolve(window.microsoftTeams);
    return new Promise(function (resolve, reject) {
      var script = document.createElement("script");
      script.src = here.src.replace(/tab\.js(?=$|[?#])/, "MicrosoftTeams.min.js");
      script.onload = function () { resolve(window.microsoftTeams); };
      script.onerror = function () { reject(new Error("library")); };
      document.head.appendChild(script);
    });
  }

  function start() {
    if (window.parent === window) {
      say("This page works inside Microsoft Teams. Open it there, from the coplink tab.");
      return;
    }
    var origins = setting("origins").split(/\s+/).filter(Boolean);
    setTimeout(function () {
      say("Teams does not answer. Close this tab and open it again; if that does not help, open coplink in a browser.");
    }, PATIENCE);
    library().then(function (teams) {
      return teams.app.initialize(origins).then(function () {
        teams.app.registerOnThemeChangeHandler(theme);
        teams.app.notifyAppLoaded();
        return Promise.all([
          teams.authentication.getAuthToken(),
          teams.app.getContext().then(function (context) { theme(context.app && context.app.theme); }, function () {})
        ]);
      }).then(function (answers) {
        var token = answers[0];
        teams.app.notifySuccess();
        submit(token);
      });
    }).catch(function (error) {
      var words = String((error && error.message) || error);
      if (/consent|interaction/i.test(words)) {
        say("Your organisation has not yet allowed coplink to know who you are in Teams. Ask your Microsoft 365 administrator.");
      } else {
        say("Teams did not say who you are. Close this tab and open it again.");
      }
    });
  }

  // After every deferred script of the page, so that the library is not loaded twice.
  var started = false;
  function once() {
    if (started) return;
    started = true;
    start();
  }
  document.addEventListener("DOMContentLoaded", once);
  window.addEventListener("load", once);
  if (document.readyState === "complete") once();
})();
