// A list of messages that is read page by page and kept up to date.

import { el } from './dom.js';
import { get } from './api.js';

const nearEnd = 80; // pixels: who is so near the end follows it
const shown = 400; // messages, at most, while following the end
const together = 5 * 60 * 1000; // messages of one person within this time stand together

export class List {
  constructor(box, messages, kind) {
    this.box = box;
    this.messages = messages;
    this.kind = kind;
    this.all = new Map();
    this.threads = new Map();
    this.notes = new Map();
  }

  async load(params) {
    const again = this.params && JSON.stringify(this.params) === JSON.stringify(params);
    this.params = params;
    this.loaded = false;
    const mine = (this.loading = {});
    const early = (this.early = []); // what happens while we read
    if (!again) { this.notes.clear(); this.box.replaceChildren(el('p', { class: 'empty' }, 'Reading…')); }
    try {
      const page = await get(this.kind.path, params);
      if (this.loading !== mine) return;
      this.all.clear();
      this.threads = new Map(Object.entries(page.threads || {}));
      this.box.replaceChildren();
      this.before = page.before || '';
      for (const m of page.messages) this.insert(m);
      for (const note of this.notes.values()) this.place(note);
      this.loaded = true;
      for (const does of early) does();
      this.arrange();
      this.box.scrollTop = this.box.scrollHeight;
    } catch (e) {
      if (this.loading === mine) this.box.replaceChildren(el('p', { class: 'empty', role: 'alert' }, e.message));
    }
  }

  // whenLoaded does it now, or as soon as the first page is there.
  whenLoaded(does) {
    if (this.loaded) does();
    else this.early?.push(does);
  }

  async older() {
    const mine = this.loading;
    const page = await get(this.kind.path, { ...this.params, before: this.before });
    if (this.loading !== mine) return;
    this.before = page.before || '';
    for (const [id, r] of Object.entries(page.threads || {})) this.threads.set(id, r);
    const height = this.box.scrollHeight;
    for (const m of page.messages) this.insert(m);
    this.arrange();
    this.box.scrollTop += this.box.scrollHeight - height;
  }

  following(does) {
    const follow = this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < nearEnd;
    does();
    if (follow) this.trim();
    this.arrange();
    if (follow) this.box.scrollTop = this.box.scrollHeight;
  }

  // trim drops the oldest messages of a long list; they can be read again.
  trim() {
    if (this.kind.thread || this.all.size <= shown) return;
    const orders = [...this.all.values()].map((m) => m.order).sort();
    this.before = orders[orders.length - shown / 2];
    for (const m of [...this.all.values()]) {
      if (m.order >= this.before) continue;
      this.all.delete(m.id);
      this.node(m.id)?.remove();
    }
  }

  put(m) {
    this.whenLoaded(() => {
      const old = this.all.get(m.id);
      if (old && old.rev >= m.rev) return;
      if (!old && this.before && m.order < this.before) return; // on a page that is not shown
      this.following(() => this.insert(m));
    });
  }

  // counted tells that a thread under one of the messages grew.
  counted(m) {
    this.whenLoaded(() => {
      const root = this.all.get(m.thread);
      const sum = this.threads.get(m.thread) || { count: 0, order: '', from: [] };
      if (!root || m.order <= sum.order) return;
      this.threads.set(m.thread, { count: sum.count + 1, last: m.at, order: m.order, from: [m.from, ...(sum.from || []).filter((f) => f !== m.from)].slice(0, 3) });
      this.following(() => this.insert(root));
    });
  }

  take(d) {
    this.whenLoaded(() => {
      const sum = this.threads.get(d.thread);
      if (!this.kind.thread && sum) {
        sum.count--;
        if (sum.count <= 0) this.threads.delete(d.thread);
        const root = this.all.get(d.thread);
        if (root) this.following(() => this.insert(root));
      }
      if (!this.all.delete(d.id)) return;
      this.following(() => this.node(d.id)?.remove());
    });
  }

  private(p) {
    // At the end of what is there now, whatever the clocks say.
    const end = this.last();
    const note = this.messages.private({ ...p, order: end + '~' + p.id }, () => { this.notes.delete(p.id); this.arrange(); });
    this.whenLoaded(() => {
      if (this.notes.has(p.id)) return;
      this.notes.set(p.id, note);
      this.following(() => this.place(note));
      note.scrollIntoView({ block: 'nearest' });
    });
  }

  node(id) { return this.box.querySelector(`:scope > [data-message="${CSS.escape(id)}"]`); }

  // last is the order of the newest message.
  last() {
    let last = '';
    for (const m of this.all.values()) if (m.order > last) last = m.order;
    return last;
  }

  // insert puts the message in its place, in place of its old state. Focus inside it stays where it was.
  insert(m) {
    this.all.set(m.id, m);
    const old = this.node(m.id);
    const node = this.messages.message(m, this.threads.get(m.id), this.kind.thread);
    if (!old) { this.place(node); return; }
    const active = old.contains(document.activeElement) ? document.activeElement : null;
    if (active?.closest('form.edit')) return; // being edited here
    old.replaceWith(node);
    const key = active?.dataset.key || '';
    if (key) node.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
    else if (active?.dataset.tool) node.querySelector(`[data-tool="${active.dataset.tool}"]`)?.focus();
  }

  redraw(id) {
    const m = this.all.get(id);
    if (m) this.following(() => this.insert(m));
  }

  place(node) {
    const after = [...this.box.querySelectorAll(':scope > article')].reverse().find((n) => n.dataset.order < node.dataset.order);
    if (after) after.after(node);
    else this.box.prepend(node);
  }

  // arrange puts days between the messages, and pulls together what one person said in a row.
  arrange() {
    for (const n of this.box.querySelectorAll(':scope > :not(article)')) n.remove();
    const nodes = [...this.box.children];
    let before = null;
    for (const n of nodes) {
      const day = new Date(n.dataset.at).toDateString();
      const newDay = !before || day !== new Date(before.dataset.at).toDateString();
      if (newDay && !this.kind.thread) {
        n.before(el('div', { class: 'day', role: 'separator' }, el('span', {}, this.dayName(new Date(n.dataset.at)))));
      }
      const follows = !newDay && before && before.dataset.from === n.dataset.from && n.dataset.from !== 'bot' && !n.dataset.private &&
        new Date(n.dataset.at) - new Date(before.dataset.at) < together && !(this.kind.thread && before === nodes[0]);
      n.classList.toggle('follows', !!follows);
      before = n;
    }
    if (this.kind.thread && nodes.length > 1) {
      nodes[0].after(el('div', { class: 'day', role: 'separator' }, el('span', {}, nodes.length === 2 ? '1 reply' : nodes.length - 1 + ' replies')));
    }
    if (this.before) {
      this.box.prepend(el('button', { type: 'button', class: 'act older', onclick: (e) => { e.target.disabled = true; this.older(); } }, 'Earlier messages'));
    } else if (!nodes.length) {
      this.box.append(el('p', { class: 'empty' }, 'Nothing was said here yet.'));
    }
  }

  dayName(d) {
    const today = new Date();
    if (d.toDateString() === today.toDateString()) return 'Today';
    today.setDate(today.getDate() - 1);
    if (d.toDateString() === today.toDateString()) return 'Yesterday';
    return d.toLocaleDateString(this.messages.host.locale, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
  }
}
