// A registration is done: the platform that opened this page may close it (LTI Dynamic Registration 1.0, 3.8).
"use strict";

(function () {
  const platform = window.opener || (window.parent !== window ? window.parent : null);
  if (platform) { platform.postMessage({ subject: "org.imsglobal.lti.close" }, "*"); }
})();
