// Notices that a wallet has the question or gave its answer, and renews the QR code before it is too old. Without this
// script the page works too: reloading it does the same.
"use strict";

const LOOK_EVERY = 2000; // milliseconds
const RENEW_AFTER = 90000; // a code works for 120 seconds

const place = document.querySelector("[data-page]");
const page = place.dataset.page;
let madeAt = Date.now();
let busy = false;

async function look() {
  if (busy || document.hidden) return;
  busy = true;
  try {
    const reply = await fetch(`${page}/state`, { cache: "no-store" });
    if (reply.status === 404 || (reply.ok && (await reply.json()).state !== place.dataset.state)) {
      const where = new URL(location.href);
      where.searchParams.delete("new");
      location.replace(where);
    } else if (place.dataset.state === "waiting" && Date.now() - madeAt > RENEW_AFTER) {
      await renew();
    }
  } catch {
    // no connection just now: the next look tells
  } finally {
    busy = false;
  }
}

async function renew() {
  const reply = await fetch(`${page}/code`, { method: "POST", cache: "no-store" });
  if (!reply.ok) return;
  const { link, size, path } = await reply.json();
  const code = place.querySelector("svg");
  if (code !== null && path !== null) {
    code.setAttribute("viewBox", `0 0 ${size} ${size}`);
    code.firstElementChild.setAttribute("d", path);
  }
  document.getElementById("link").value = link;
  madeAt = Date.now();
}

setInterval(look, LOOK_EVERY);
document.addEventListener("visibilitychange", look);
