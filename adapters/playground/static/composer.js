// The box to type in: messages, slash commands with hints, files by button, paste or drop.

import { el, fileSize, onEnter } from './dom.js';
import { icon } from './icons.js';
import { act, upload, nonce } from './api.js';

export class Composer {
  // host offers: my (the workspace), answer(a, place). place() is {channel, thread}.
  constructor(form, id, host, place) {
    this.host = host;
    this.place = place;
    this.files = [];
    this.text = el('textarea', {
      id: id + '-text', rows: 1, dir: 'auto', autocomplete: 'off', role: 'combobox',
      aria: { label: 'Message', autocomplete: 'list', expanded: 'false', controls: id + '-hints' },
    });
    this.send = el('button', { id: id + '-send', class: 'act primary', aria: { label: 'Send' }, title: 'Send' }, icon('send'));
    this.picker = el('input', { type: 'file', multiple: true, class: 'unseen', id: id + '-file', tabIndex: -1, aria: { label: 'Attach files' } });
    this.chips = el('ul', { class: 'chips' });
    this.hints = el('div', { id: id + '-hints', class: 'hints', role: 'listbox', aria: { label: 'Commands' }, hidden: true });
    this.notice = el('p', { class: 'error', role: 'alert', id: id + '-error', hidden: true });
    form.append(this.hints, this.notice, this.chips, el('div', { class: 'line' },
      el('button', { type: 'button', class: 'icon', aria: { label: 'Attach files' }, title: 'Attach files', onclick: () => this.picker.click() }, icon('clip')),
      this.picker, this.text, this.send));
    form.addEventListener('submit', (e) => { e.preventDefault(); this.submit(); });
    this.text.addEventListener('input', () => this.changed());
    this.text.addEventListener('keydown', (e) => this.key(e));
    onEnter(this.text, () => this.submit());
    this.text.addEventListener('paste', (e) => { if (e.clipboardData.files.length) { e.preventDefault(); this.attach([...e.clipboardData.files]); } });
    this.picker.addEventListener('change', () => { this.attach([...this.picker.files]); this.picker.value = ''; });
    const area = form.parentElement;
    area.addEventListener('dragover', (e) => { e.preventDefault(); form.classList.add('drop'); });
    area.addEventListener('dragleave', () => form.classList.remove('drop'));
    area.addEventListener('drop', (e) => {
      e.preventDefault();
      form.classList.remove('drop');
      this.attach([...e.dataTransfer.files]);
    });
  }

  prompt(text) { this.text.placeholder = text; }

  fill(text) {
    this.text.value = text;
    this.changed();
    this.text.focus();
  }

  changed() {
    this.nonce = null; // another text is another message
    this.text.style.setProperty('height', 'auto');
    this.text.style.setProperty('height', Math.min(this.text.scrollHeight + 2, 220) + 'px');
    this.tell('');
    this.suggest();
  }

  tell(text) {
    this.notice.textContent = text;
    this.notice.hidden = !text;
  }

  // suggest lists the commands, and the ways to use them, that begin like what is typed.
  suggest() {
    const typed = this.text.value;
    const found = [];
    if (/^\/[^\n]*$/.test(typed)) {
      for (const c of this.host.my.commands || []) {
        const lead = '/' + c.name;
        if (lead.startsWith(typed) && typed !== lead) found.push({ text: lead + ' ', label: lead, hint: c.hint });
        if (!lead.startsWith(typed) && !typed.startsWith(lead)) continue;
        for (const u of c.uses || []) {
          const full = lead + ' ' + u.text;
          if (full.startsWith(typed) && (full !== typed || !u.text)) found.push({ text: full, label: u.text ? full : full + '…', hint: u.hint });
        }
      }
    }
    this.at = -1;
    this.found = found;
    this.hints.replaceChildren(...found.map((h, i) => el('div', {
      role: 'option', id: this.hints.id + i, class: 'hint-row', aria: { selected: 'false' },
      onmousedown: (e) => { e.preventDefault(); this.fill(h.text); },
    }, el('code', {}, h.label), el('span', {}, h.hint))));
    this.hints.hidden = !found.length;
    this.text.setAttribute('aria-expanded', String(!!found.length));
    this.text.removeAttribute('aria-activedescendant');
  }

  select(to) {
    const rows = [...this.hints.children];
    this.at = (to + rows.length) % rows.length;
    rows.forEach((r, i) => r.setAttribute('aria-selected', String(i === this.at)));
    rows[this.at].scrollIntoView({ block: 'nearest' });
    this.text.setAttribute('aria-activedescendant', rows[this.at].id);
  }

  key(e) {
    if (e.isComposing) return;
    if (!this.hints.hidden) {
      if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
        e.preventDefault();
        this.select(e.key === 'ArrowDown' ? this.at + 1 : this.at < 0 ? -1 : this.at - 1);
        return;
      }
      if ((e.key === 'Enter' || e.key === 'Tab') && this.at >= 0) { e.preventDefault(); this.fill(this.found[this.at].text); return; }
      if (e.key === 'Escape') { e.stopPropagation(); this.hints.hidden = true; this.text.setAttribute('aria-expanded', 'false'); return; }
    }
  }

  attach(files) {
    for (const file of files) {
      if (this.files.length >= this.host.my.limits.files) { this.tell(`At most ${this.host.my.limits.files} files at a time.`); return; }
      const entry = { name: file.name, size: file.size, url: file.type.startsWith('image/') ? URL.createObjectURL(file) : '' };
      this.files.push(entry);
      entry.done = upload(file).then((kept) => { entry.id = kept.id; }, (e) => { this.drop(entry); this.tell(e.message); }).then(() => this.show());
    }
    this.nonce = null;
    this.show();
    this.text.focus();
  }

  drop(entry) {
    if (entry.url) URL.revokeObjectURL(entry.url);
    this.files = this.files.filter((x) => x !== entry);
    this.show();
  }

  show() {
    this.chips.replaceChildren(...this.files.map((x) => el('li', { class: x.id ? '' : 'busy' },
      x.url && el('img', { src: x.url, alt: '' }), el('span', { dir: 'auto' }, x.name), el('small', {}, fileSize(x.size)),
      el('button', { type: 'button', class: 'icon', aria: { label: 'Remove ' + x.name }, onclick: () => { this.drop(x); this.text.focus(); } }, icon('close')))));
  }

  async submit() {
    if (this.busy) return;
    const typed = this.text.value;
    const place = this.place();
    const command = /^\/([a-z0-9-]+)(?:\s+([^]*))?$/.exec(typed.trim());
    if (!typed.trim() && !this.files.length) return;
    if (command && this.files.length) { this.tell('A command takes no files. Attach them in the form that opens.'); return; }
    this.busy = true;
    this.send.setAttribute('aria-disabled', 'true');
    this.hints.hidden = true;
    this.nonce ??= nonce(); // sent again unchanged, it is the same message
    try {
      await Promise.all(this.files.map((x) => x.done));
      const a = command
        ? await act('command', { ...place, name: command[1], text: command[2] || '' }, this.nonce)
        : await act('send', { ...place, text: typed, uploads: this.files.map((x) => x.id) }, this.nonce);
      if (this.text.value === typed) {
        for (const x of this.files) if (x.url) URL.revokeObjectURL(x.url);
        this.files = [];
        this.show();
        this.text.value = '';
        this.changed();
      }
      this.host.answer(a, place);
    } catch (e) {
      this.tell(e.message);
    } finally {
      this.busy = false;
      this.send.removeAttribute('aria-disabled');
    }
  }
}
