/**
 * What makes the page live: sections that changed come as server-sent events, and only the text and attributes
 * that differ are touched, so that focus, selection and what a screen reader has read stay where they are.
 * Plain JavaScript for browsers, part of the page; its hash is in the page's policy.
 */

export const SCRIPT = `(() => {
const note = document.getElementById('live');
const button = document.getElementById('pause');
const RETRY_MS = 5000;
const SILENCE_MS = 6000;
let source;
let silence;
const say = (text, state) => {
  note.textContent = text;
  note.dataset.state = state;
};
const merge = (old, fresh) => {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh.cloneNode(true));
    return;
  }
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const olds = [...old.childNodes];
  const news = [...fresh.childNodes];
  news.forEach((node, place) => {
    if (olds[place]) merge(olds[place], node);
    else old.append(node.cloneNode(true));
  });
  for (const extra of olds.slice(news.length)) extra.remove();
};
const show = (parts) => {
  for (const [id, html] of Object.entries(parts)) {
    const old = document.getElementById(id);
    const template = document.createElement('template');
    template.innerHTML = html;
    if (old && template.content.firstElementChild) merge(old, template.content.firstElementChild);
  }
};
const alive = () => {
  say('Live', 'live');
  clearTimeout(silence);
  silence = setTimeout(() => say('No news for some seconds: the agent is gone or cannot be reached', 'lost'), SILENCE_MS);
};
const open = () => {
  source = new EventSource('events');
  source.addEventListener('parts', (event) => {
    show(JSON.parse(event.data));
    alive();
  });
  source.addEventListener('error', () => {
    clearTimeout(silence);
    if (source.readyState !== EventSource.CLOSED) {
      say('Connection lost, trying again', 'lost');
      return;
    }
    say('Not live: too many pages watch, or the agent is gone; trying again', 'lost');
    silence = setTimeout(open, RETRY_MS);
  });
};
const close = () => {
  clearTimeout(silence);
  source.close();
};
button.hidden = false;
button.addEventListener('click', () => {
  const paused = button.getAttribute('aria-pressed') === 'true';
  button.setAttribute('aria-pressed', String(!paused));
  if (paused) {
    say('Connecting', 'lost');
    open();
  } else {
    close();
    say('Paused', 'paused');
  }
});
addEventListener('pagehide', close);
open();
})();`;
