// Building blocks of the page: elements, menus, pictures of people.

import { icon } from './icons.js';

// el makes an element. Properties go by name; "data" and "aria" take objects, "on…" listeners. Text is always text.
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'data') Object.assign(node.dataset, value);
    else if (name === 'aria') for (const [a, v] of Object.entries(value)) { if (v !== undefined) node.setAttribute('aria-' + a, v); }
    else if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'class') node.className = value;
    else if (name in node && name !== 'list' && name !== 'popover') node[name] = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat().filter((c) => c !== undefined && c !== null && c !== false));
  return node;
}

export const $ = (id) => document.getElementById(id);

// avatar is somebody's picture. Only our own server's pictures are shown; others become initials.
export function avatar(who, className = 'avatar') {
  if (who.avatar && who.avatar.startsWith('/playground/')) {
    return el('img', { class: className, src: who.avatar, alt: '', width: 36, height: 36 });
  }
  const initials = (who.name || '?').split(/\s+/).map((w) => [...w][0]).slice(0, 2).join('').toUpperCase();
  return el('span', { class: className + ' initials', aria: { hidden: 'true' } }, initials);
}

// menu opens a list of choices at a button: [{label, hint, value, danger}]. Arrow keys, Home, End and Escape work.
export function menu(button, label, choices, chosen) {
  const pop = el('div', { class: 'menu', role: 'menu', popover: 'auto', aria: { label } });
  for (const c of choices) {
    pop.append(el('button', {
      type: 'button', role: 'menuitem', tabIndex: -1, class: c.danger ? 'danger' : '', data: { option: c.value ?? c.label },
      onclick: () => { pop.hidePopover(); chosen(c); },
    }, el('span', {}, c.label), c.hint && el('small', {}, c.hint)));
  }
  pop.addEventListener('keydown', (e) => {
    const items = [...pop.children];
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    items[(to + items.length) % items.length].focus();
  });
  pop.addEventListener('toggle', (e) => {
    if (e.newState !== 'closed') return;
    pop.remove();
    button.setAttribute('aria-expanded', 'false');
    if (button.isConnected && (document.activeElement === document.body || !document.activeElement)) button.focus();
  });
  document.body.append(pop);
  pop.showPopover();
  button.setAttribute('aria-expanded', 'true');
  beside(pop, button);
  pop.firstElementChild?.focus();
}

// beside puts a popover next to what it belongs to, inside the window.
export function beside(pop, anchor) {
  const a = anchor.getBoundingClientRect();
  const p = pop.getBoundingClientRect();
  const left = Math.max(8, Math.min(a.left, innerWidth - p.width - 8));
  const below = a.bottom + 4;
  const top = below + p.height < innerHeight - 8 ? below : Math.max(8, a.top - p.height - 4);
  pop.style.setProperty('left', left + 'px');
  pop.style.setProperty('top', top + 'px');
}

// onEnter does it at Enter; with Shift, Enter stays a line break.
export function onEnter(box, does) {
  let shift = false;
  box.addEventListener('keydown', (e) => {
    shift = e.shiftKey;
    if (e.key !== 'Enter' || shift || e.isComposing || e.defaultPrevented) return;
    e.preventDefault();
    does();
  });
  // Some keyboards break the line although the key was taken.
  box.addEventListener('beforeinput', (e) => { if (e.inputType === 'insertLineBreak' && !shift) e.preventDefault(); });
}

export function toast(text) {
  const t = el('div', { class: 'toast' }, el('span', {}, text),
    el('button', { type: 'button', class: 'icon', aria: { label: 'Dismiss' }, onclick: () => t.remove() }, icon('close')));
  $('toasts').append(t);
  setTimeout(() => t.remove(), 12000);
}

// say tells a screen reader.
export function say(text) {
  $('announce').textContent = text;
}

export function fileSize(bytes) {
  if (bytes < 1024) return bytes + ' B';
  if (bytes < 1024 * 1024) return Math.round(bytes / 1024) + ' KB';
  return (bytes / 1024 / 1024).toFixed(1) + ' MB';
}

// ago is how long ago a moment was, in words.
export function ago(since, locale) {
  const seconds = (new Date(since) - Date.now()) / 1000;
  const words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'long' });
  for (const [unit, size] of [['day', 86400], ['hour', 3600], ['minute', 60]]) {
    if (Math.abs(seconds) >= size) return words.format(Math.trunc(seconds / size), unit);
  }
  return words.format(0, 'second');
}
