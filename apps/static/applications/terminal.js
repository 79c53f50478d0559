/* The terminal page and its replays: plain text and a line of input. Colours and cursor movements are left out. */
(() => {
  "use strict";

  const MOST = 200000;
  // Escape sequences: CSI, OSC (titles), and the two-character ones.
  const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])/g;
  // One that is not whole yet waits for the next piece.
  const UNFINISHED = /\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]{0,500}|[ -/]*)?$/;

  /* Text as a line printer would show it: ␍ goes back in the line, ␈ back a character. */
  const screen = (box) => {
    let text = "";
    let line = "";
    let column = 0;
    let rest = "";
    const put = (character) => {
      if (character === "\n") {
        text = `${text}${line}\n`.slice(-MOST);
        line = "";
        column = 0;
      } else if (character === "\r") column = 0;
      else if (character === "\b") column = Math.max(column - 1, 0);
      else if (character >= " " || character === "\t") {
        line = line.slice(0, column) + character + line.slice(column + 1);
        column += 1;
      }
    };
    return (piece) => {
      const whole = rest + piece;
      rest = (whole.match(UNFINISHED) || [""])[0];
      for (const character of whole.slice(0, whole.length - rest.length).replace(ESCAPES, "")) put(character);
      box.textContent = text + line;
      box.scrollTop = box.scrollHeight;
    };
  };

  const replayed = document.querySelector("[data-replay]");
  if (replayed) {
    const show = screen(replayed);
    fetch(replayed.dataset.replay).then(async (answer) => {
      if (!answer.ok) {
        show((await answer.json()).detail);
        return;
      }
      const events = (await answer.text()).split("\n").slice(1).filter(Boolean).map((line) => JSON.parse(line));
      show(events.filter(([, kind]) => kind === "o").map(([, , text]) => text).join(""));
    });
  }

  const form = document.querySelector("[data-terminal-form]");
  if (!form) return;
  const words = JSON.parse(document.getElementById("dg-terminal-words").textContent);
  const box = document.querySelector("[data-terminal]");
  const word = document.querySelector("[data-terminal-word]");
  const input = document.querySelector("[data-terminal-input]");
  const field = input.querySelector("input");
  const keys = [...input.querySelectorAll("[data-terminal-key]")];
  const before = [];
  let at = 0;
  let socket = null;

  const active = (on) => {
    for (const each of [field, ...keys]) each.disabled = !on;
    form.querySelector("button").disabled = on;
    if (on) field.focus();
  };
  const size = () => ({ columns: Math.max(Math.floor(box.clientWidth / 8.5), 20), rows: 40 });
  const send = (text) => socket.send(new TextEncoder().encode(text));

  const join = ({ id, ticket, where }) => {
    const show = screen(box);
    const decoders = {};
    box.textContent = "";
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/api/v1/terminals/${id}/socket/`);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => socket.send(JSON.stringify({ ticket, ...size() })));
    let told = "";
    socket.addEventListener("message", ({ data }) => {
      if (typeof data !== "string") {
        const bytes = new Uint8Array(data);
        const decoder = (decoders[bytes[0]] ??= new TextDecoder());
        show(decoder.decode(bytes.subarray(1), { stream: true }));
        return;
      }
      const said = JSON.parse(data);
      if (said.event === "started") {
        word.textContent = `${words.open} ${where}`;
        active(true);
      } else {
        told = [words.ended, said.ending, said.exit_code ?? "", said.message].filter((each) => each !== "").join(" ");
      }
    });
    socket.addEventListener("close", () => {
      word.textContent = told || words.broken;
      active(false);
    });
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    word.textContent = words.opening;
    form.querySelector("button").disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
      const said = await answer.json();
      if (answer.ok) {
        join(said);
        return;
      }
      word.textContent = [said.detail, said.remedy].filter(Boolean).join(" ");
    } catch {
      word.textContent = words.broken;
    }
    form.querySelector("button").disabled = false;
  });

  input.addEventListener("submit", (event) => {
    event.preventDefault();
    send(`${field.value}\n`);
    if (field.value) before.push(field.value);
    at = before.length;
    field.value = "";
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    at = Math.min(Math.max(at + (event.key === "ArrowUp" ? -1 : 1), 0), before.length);
    field.value = before[at] ?? "";
  });
  for (const key of keys) {
    key.addEventListener("click", () => {
      send(String.fromCharCode(Number(key.dataset.terminalKey)));
      field.focus();
    });
  }
  let waiting = 0;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(size()));
    }, 200);
  });
  window.addEventListener("pagehide", () => socket && socket.close());
})();
