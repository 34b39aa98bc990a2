// Asks the learning platform to keep one value for this login, or to give it back (LTI postMessages, platform storage).
// Used where the browser sends no cookie. What the platform says is not believed here: the server compares.
"use strict";

(function () {
  const WAIT = 4000, AGAIN = 400; // milliseconds; the platform's frame may still be loading when we first ask
  const card = document.querySelector("[data-ask]"), otherwise = document.querySelector("[data-otherwise]");
  if (!card) { return; }
  const given = card.dataset;

  // The frame that the platform named, or the platform itself where there is none of that name (some editors).
  function platform() {
    const around = window.parent !== window ? window.parent : window.opener;
    if (!around || given.frame === "_parent") { return around; }
    try { return around.frames[given.frame] || around; } catch { return around; }
  }

  // The platform's answer, or null when it refuses, answers nonsense or not in time. Nobody else is heard.
  function ask(subject, more) {
    return new Promise(function (done) {
      if (!platform()) { done(null); return; }
      const id = crypto.randomUUID();
      const question = Object.assign({ subject: subject, message_id: id, key: given.key }, more);
      const send = function () {
        platform().postMessage(question, given.origin);
      };
      const end = function (answer) {
        clearTimeout(late);
        clearInterval(again);
        removeEventListener("message", hear);
        done(answer);
      };
      const hear = function (event) {
        const said = event.data;
        if (event.origin !== given.origin || typeof said !== "object" || said === null) { return; }
        if (said.message_id !== id || said.subject !== subject + ".response") { return; }
        end(said.error || (said.key !== undefined && said.key !== given.key) ? null : said);
      };
      const late = setTimeout(end, WAIT, null), again = setInterval(send, AGAIN);
      addEventListener("message", hear);
      send();
    });
  }

  function show(what) {
    card.hidden = what !== card;
    otherwise.hidden = what !== otherwise;
  }

  show(card);
  if (given.ask === "lti.put_data") {
    ask(given.ask, { value: given.value }).then(function (answer) {
      if (answer) { location.replace(given.onwards); } else { show(otherwise); }
    });
  } else {
    ask(given.ask).then(function (answer) {
      const state = answer && typeof answer.value === "string" ? answer.value : "";
      document.dispatchEvent(new CustomEvent("coplink:proof", { detail: { code: given.code, state: state } }));
    });
  }
})();
