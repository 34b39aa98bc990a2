// Asks the learning platform to keep one value for this login, or to give it back (LTI postMessages, platform storage).
// Used where the browser sends no cookie. What the platform says is not believed here: the server compares.
"use strict";

(function () {
  const WAIT = 4000, AGAIN = 400; // milliseconds; the platform's frame may still be loading when we first ask
  const card = document.querySelector("[data-ask]"), otherwise = document.querySelector("[data-otherwise]");
  if (!card) { return; }
  const given = card.dataset;

  // The frame that the platform named, or the platform itself where there is none of that name (some editors). What
  // every window has under a name of its own (length, location), and a frame's number, are no names of frames.
  function platform() {
    const around = window.parent !== window ? window.parent : window.opener, name = given.frame;
    if (!around || name === "_parent" || /^\d+$/.test(name) || Object.hasOwn(window, name)) { return around; }
    try {
      const found = around.frames[name];
      return found && typeof found.postMessage === "function" ? found : around;
    } catch { return around; }
  }

  // The platform's answer, or null when it refuses, answers nonsense or not in time. Nobody else is heard.
  function ask(subject, more) {
    return new Promise(function (done) {
      if (!platform()) { done(null); return; }
      const id = crypto.randomUUID();
      const question = Object.assign({ subject: subject, message_id: id, key: given.key }, more);
      const send = function () {
        try { platform().postMessage(question, given.origin); } catch { end(null); }
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

  // A mistake of ours is no answer either: nobody is left waiting.
  function answered(subject, more, go) {
    ask(subject, more).catch(function () { return null; }).then(go);
  }

  show(card);
  if (given.ask === "lti.put_data") {
    answered(given.ask, { value: given.value }, function (answer) {
      if (answer) { location.replace(given.onwards); } else { show(otherwise); }
    });
  } else {
    answered(given.ask, {}, function (answer) {
      const state = answer && typeof answer.value === "string" ? answer.value : "";
      document.dispatchEvent(new CustomEvent("coplink:proof", { detail: { code: given.code, state: state } }));
    });
  }
})();
