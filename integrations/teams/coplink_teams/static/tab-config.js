// The page on which somebody sets up a tab by hand in Teams: which community it opens is chosen here, Teams keeps it.
// Talks to Teams through Microsoft's own client library, MicrosoftTeams.min.js, which lies beside this file. Messages
// are taken only from the origins in data-origins (and those the library itself knows as Microsoft's).
(function () {
  "use strict";
  var PATIENCE = 15000;
  var themes = {default: "light", light: "light", dark: "dark", contrast: "contrast"};
  var ready = false;

  function setting(name) {
    var holder = document.querySelector("[data-" + name + "]");
    return holder ? holder.getAttribute("data-" + name) : "";
  }

  function theme(name) {
    document.documentElement.dataset.theme = themes[name] || "light";
  }

  function say(sentence) {
    var place = document.getElementById("tab-status");
    if (!place) return;
    place.setAttribute("role", "alert");
    place.textContent = sentence;
  }

  function chosen() {
    return document.querySelector("input[name=community]:checked");
  }

  function config(choice) {
    return {
      entityId: choice.value,
      contentUrl: choice.getAttribute("data-content"),
      websiteUrl: choice.getAttribute("data-website"),
      suggestedDisplayName: choice.getAttribute("data-name")
    };
  }

  function listen(teams) {
    var pages = teams.pages.config;
    function look() { pages.setValidityState(Boolean(chosen())); }
    pages.registerOnSaveHandler(function (event) {
      var choice = chosen();
      if (!choice) {
        event.notifyFailure("no community");
        return;
      }
      pages.setConfig(config(choice)).then(function () {
        event.notifySuccess();
      }, function () {
        say("Teams did not keep the tab. Close this window and add it again.");
        event.notifyFailure("not kept");
      });
    });
    document.addEventListener("change", look);
    look();
  }

  function start() {
    var teams = window.microsoftTeams;
    if (window.parent === window || !teams) {
      say("This page works inside Microsoft Teams: add the coplink tab to a channel there.");
      return;
    }
    setTimeout(function () {
      if (!ready) say("Teams does not answer. Close this window and add the tab again.");
    }, PATIENCE);
    teams.app.initialize(setting("origins").split(/\s+/).filter(Boolean)).then(function () {
      ready = true;
      teams.app.registerOnThemeChangeHandler(theme);
      teams.app.notifyAppLoaded();
      teams.app.getContext().then(function (context) { theme(context.app && context.app.theme); }, function () {});
      listen(teams);
      teams.app.notifySuccess();
    }).catch(function () {
      ready = true;
      say("Teams does not let a tab be set up here. Close this window and add the tab to a channel.");
    });
  }

  window.addEventListener("load", start);
})();
