// The dialog that a form opens in: every kind of field, errors at the fields, forms that change while they are filled in.

import { el, $, fileSize, say } from './dom.js';
import { icon } from './icons.js';
import { render } from './markdown.js';
import { act, leave, upload, nonce } from './api.js';

export class FormDialog {
  // host offers: people (the workspace's), limits, answer(a, place).
  constructor(host) {
    this.host = host;
    this.box = $('form');
    this.box.addEventListener('cancel', (e) => { e.preventDefault(); this.close(); });
    this.box.addEventListener('paste', (e) => this.take(e, e.clipboardData?.files));
    this.box.addEventListener('dragover', (e) => e.preventDefault());
    this.box.addEventListener('drop', (e) => this.take(e, e.dataTransfer?.files));
    // The Enter that opened the form, held down or late, does not send it: only one that was pressed in it does.
    this.box.addEventListener('keydown', (e) => { if (e.key === 'Enter' && !e.repeat) this.entered = true; }, true);
    this.box.addEventListener('keyup', () => { this.entered = false; }, true);
    this.box.addEventListener('keypress', (e) => {
      if (e.key === 'Enter' && !this.entered && e.target.tagName === 'INPUT') e.preventDefault();
    }, true);
    // Leaving the page closes the form too: what was typed is not lost.
    addEventListener('pagehide', () => { if (this.form) leave('close', this.filled()); });
  }

  get open() { return this.box.open; }

  // show opens a form, or puts it in place of the one that is open.
  show(form, place) {
    this.form = form;
    this.place = place;
    this.files = {};
    this.turn = 0;
    this.entered = false;
    this.pending = Promise.resolve();
    this.sendNonce = nonce();
    const body = el('div', { class: 'fields' });
    this.box.replaceChildren(el('form', { method: 'dialog', noValidate: true, onsubmit: (e) => { e.preventDefault(); this.submit(); } },
      el('header', {}, el('h2', { id: 'form-title', dir: 'auto' }, form.title),
        el('button', { type: 'button', id: 'form-close', class: 'icon', aria: { label: 'Close the form' }, onclick: () => this.close() }, icon('close'))),
      el('div', { class: 'scroll' },
        el('div', { class: 'error top', id: 'error-', role: 'alert', hidden: true }),
        el('div', { class: 'text intro', id: 'form-intro' }, render(form.intro)), body),
      el('footer', { class: 'row end' },
        el('span', { class: 'legend' }, el('span', { class: 'required', aria: { hidden: 'true' } }, '*'), ' required'),
        el('button', { type: 'button', class: 'act', onclick: () => this.close() }, 'Cancel'),
        el('button', { class: 'act primary', id: 'form-submit' }, form.submit || 'Send'))));
    this.fields = body;
    for (const f of form.fields) body.append(this.field(f, f.value || []));
    if (!this.box.open) this.box.showModal();
    this.focusFirst();
  }

  focusFirst() {
    this.fields.querySelector('input:not([type=file]), textarea, select')?.focus();
  }

  field(f, value) {
    const id = 'field-' + f.id;
    const described = [f.hint && 'hint-' + f.id, 'error-' + f.id].filter(Boolean).join(' ');
    const common = { id, name: f.id, aria: { describedby: described, required: f.required ? 'true' : undefined } };
    const group = { id, tabIndex: -1, class: 'choices', aria: { labelledby: 'label-' + f.id, describedby: described } };
    let control;
    switch (f.kind) {
      case 'long_text':
        control = el('textarea', { ...common, rows: 5, placeholder: f.placeholder || '', value: value[0] || '', dir: 'auto' });
        break;
      case 'select':
        control = this.select(common, f, f.options || [], value);
        break;
      case 'person':
        control = this.select(common, f, this.host.people.map((p) => ({ value: p.id, label: p.name, hint: p.title })), value);
        break;
      case 'multi_select':
        control = el('div', { ...group, role: 'group' }, (f.options || []).map((o) => el('label', { class: 'choice' },
          el('input', { type: 'checkbox', name: f.id, value: o.value, checked: value.includes(o.value) }),
          el('span', {}, o.label, o.hint && el('small', {}, o.hint)))));
        break;
      case 'checkbox':
        control = el('label', { class: 'choice' }, el('input', { ...common, type: 'checkbox', value: 'true', checked: value[0] === 'true' }),
          el('span', { id: 'label-' + f.id, dir: 'auto' }, f.label, this.star(f)));
        break;
      case 'date':
        control = el('input', { ...common, type: 'date', value: value[0] || '' });
        break;
      case 'file':
        control = this.fileField(common, f);
        break;
      default:
        control = el('input', { ...common, type: 'text', placeholder: f.placeholder || '', value: value[0] || '', dir: 'auto', autocomplete: 'off' });
    }
    if (f.max && (f.kind === 'text' || f.kind === 'long_text')) control.maxLength = f.max;
    const node = el('div', { class: 'field', data: { field: f.id, kind: f.kind } },
      f.kind !== 'checkbox' && (f.kind === 'multi_select'
        ? el('span', { class: 'label', id: 'label-' + f.id, dir: 'auto' }, f.label, this.star(f))
        : el('label', { id: 'label-' + f.id, htmlFor: id, dir: 'auto' }, f.label, this.star(f))),
      control,
      f.hint && el('p', { class: 'hint', id: 'hint-' + f.id, dir: 'auto' }, f.hint),
      el('p', { class: 'error', id: 'error-' + f.id, hidden: true }));
    if (f.refresh) node.addEventListener('change', () => this.refresh(f.id));
    return node;
  }

  star(f) {
    return f.required && el('span', { class: 'required', title: 'required', aria: { hidden: 'true' } }, ' *');
  }

  select(common, f, options, value) {
    return el('select', common,
      el('option', { value: '' }, f.placeholder || 'Choose…'),
      options.map((o) => el('option', { value: o.value, selected: value.includes(o.value) }, o.hint ? o.label + ' – ' + o.hint : o.label)));
  }

  fileField(common, f) {
    this.files[f.id] ??= [];
    const input = el('input', { ...common, type: 'file', multiple: f.max !== 1 });
    const list = el('ul', { class: 'chips' });
    input.addEventListener('change', (e) => {
      e.stopPropagation();
      this.addFiles(f.id, [...input.files]);
      input.value = '';
    });
    return el('div', { class: 'filebox' }, input, el('p', { class: 'hint' }, 'Or drop or paste it here.'), list);
  }

  // take adds pasted or dropped files to the first field that takes files.
  take(event, files) {
    const f = this.form?.fields.find((field) => field.kind === 'file');
    if (!f || !files?.length) return;
    event.preventDefault();
    this.addFiles(f.id, [...files]);
  }

  addFiles(field, files) {
    const f = this.form.fields.find((x) => x.id === field);
    for (const file of files) {
      const room = f.max || this.host.limits.files;
      if (this.files[field].length >= room) { this.error(field, `At most ${room} ${room === 1 ? 'file' : 'files'} here.`); return; }
      if (file.size > this.host.limits.file) { this.error(field, `${file.name} is too large: at most ${fileSize(this.host.limits.file)}.`); continue; }
      const entry = { name: file.name, size: file.size };
      this.files[field].push(entry);
      entry.done = upload(file).then((kept) => { entry.id = kept.id; entry.name = kept.name; }, (e) => {
        this.files[field] = this.files[field].filter((x) => x !== entry);
        this.error(field, e.message);
      }).then(() => this.showFiles(field));
      this.error(field, '');
    }
    this.showFiles(field);
    if (f.refresh) Promise.all(this.files[field].map((x) => x.done)).then(() => this.refresh(field));
  }

  showFiles(field) {
    const list = this.fields.querySelector(`[data-field="${CSS.escape(field)}"] .chips`);
    list?.replaceChildren(...this.files[field].map((x) => el('li', { class: x.id ? '' : 'busy' }, el('span', { dir: 'auto' }, x.name), el('small', {}, fileSize(x.size)),
      el('button', {
        type: 'button', class: 'icon', aria: { label: 'Remove ' + x.name },
        onclick: () => { this.files[field] = this.files[field].filter((y) => y !== x); this.showFiles(field); },
      }, icon('close')))));
  }

  values() {
    const out = {};
    for (const node of this.fields.children) {
      const id = node.dataset.field;
      const picked = [...node.querySelectorAll('input:not([type=file]), select, textarea')]
        .filter((c) => c.type !== 'checkbox' || c.checked).map((c) => c.value).filter((v) => v !== '');
      if (picked.length) out[id] = picked;
    }
    return out;
  }

  filled() {
    const files = {};
    for (const [id, list] of Object.entries(this.files)) files[id] = list.filter((x) => x.id).map((x) => x.id);
    return { token: this.form.token, values: this.values(), files };
  }

  // refresh tells that a field changed, and shows the form as it should look now.
  refresh(field) {
    const turn = ++this.turn;
    this.fields.setAttribute('aria-busy', 'true');
    const sent = this.values();
    this.pending = act('change', { ...this.filled(), field }).then((a) => {
      if (turn === this.turn && this.open && a.form) this.replace(a.form, sent);
      if (turn === this.turn && a.errors) this.errors(a.errors);
    }, (e) => this.error('', e.message)).finally(() => {
      if (turn === this.turn) this.fields.removeAttribute('aria-busy');
    });
  }

  // replace shows another state of the same form. What was typed stays, also what was typed meanwhile, and so does the
  // place where the person is typing.
  replace(form, sent) {
    const typed = this.values();
    const active = document.activeElement;
    const at = active?.closest?.('[data-field]')?.dataset.field;
    const range = active && 'selectionStart' in active && active.type !== 'checkbox' ? [active.selectionStart, active.selectionEnd] : null;
    const old = new Map([...this.fields.children].map((n) => [n.dataset.field, n]));
    const same = (f) => JSON.stringify({ ...f, value: undefined });
    const before = new Map(this.form.fields.map((f) => [f.id, f]));
    this.form = form;
    const nodes = form.fields.map((f) => {
      const was = before.get(f.id);
      const changedMeanwhile = JSON.stringify(typed[f.id]) !== JSON.stringify(sent[f.id]);
      // The very same question with the same answer keeps its element: nothing flickers, nothing loses focus.
      if (was && same(was) === same(f) && (changedMeanwhile || f.kind === 'file' || !f.value || JSON.stringify(f.value) === JSON.stringify(typed[f.id]))) {
        return old.get(f.id);
      }
      const keep = was && was.kind === f.kind && (changedMeanwhile || !f.value) ? typed[f.id] : f.value;
      return this.field(f, keep || []);
    });
    const added = nodes.filter((n) => !old.has(n.dataset.field)).length;
    this.fields.replaceChildren(...nodes);
    for (const id of Object.keys(this.files)) if (nodes.some((n) => n.dataset.field === id)) this.showFiles(id);
    $('form-title').textContent = form.title;
    $('form-submit').textContent = form.submit || 'Send';
    $('form-intro').replaceChildren(...render(form.intro));
    if (at) {
      const again = this.fields.querySelector(`[data-field="${CSS.escape(at)}"]`)?.querySelector('input, select, textarea');
      again?.focus({ preventScroll: true });
      if (again && range && range[0] !== null && again.type !== 'date') again.setSelectionRange?.(...range);
    }
    if (added) say(added === 1 ? 'One more question.' : added + ' more questions.');
  }

  error(field, text) {
    const box = document.getElementById('error-' + field);
    if (!box) { if (text) this.error('', text); return; }
    box.textContent = text;
    box.hidden = !text;
    const control = field && document.getElementById('field-' + field);
    if (control) text ? control.setAttribute('aria-invalid', 'true') : control.removeAttribute('aria-invalid');
    box.closest('.field')?.classList.toggle('wrong', !!text);
  }

  errors(all) {
    for (const box of this.box.querySelectorAll('.error')) this.error(box.id.slice('error-'.length), all[box.id.slice('error-'.length)] || '');
    for (const [id, text] of Object.entries(all)) if (id && !document.getElementById('error-' + id)) this.error('', text);
    const first = this.form.fields.find((f) => all[f.id]);
    const target = first ? document.getElementById('field-' + first.id) : $('error-');
    target.focus?.();
    (target.closest('.field') || target).scrollIntoView({ block: 'nearest' });
  }

  async submit() {
    const button = $('form-submit');
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    button.classList.add('busy');
    try {
      await Promise.all(Object.values(this.files).flat().map((x) => x.done));
      await this.pending;
      this.error('', '');
      const a = await act('submit', this.filled(), this.sendNonce);
      if (a.errors && Object.keys(a.errors).length) { this.errors(a.errors); return; }
      if (!a.form) this.hide();
      this.host.answer(a, this.place);
    } catch (e) {
      this.error('', e.message);
      $('error-').scrollIntoView({ block: 'nearest' });
    } finally {
      button.removeAttribute('aria-disabled');
      button.classList.remove('busy');
    }
  }

  hide() {
    this.form = null;
    this.box.close();
    this.box.replaceChildren();
    // The browser gives the focus back but may leave the caret in the form that is gone; then nothing could be typed.
    const back = document.activeElement;
    back?.blur();
    back?.focus();
  }

  // close tells what had been typed, so that it can be kept as a draft.
  close() {
    if (!this.form) return;
    const filled = this.filled();
    const place = this.place;
    this.hide();
    act('close', filled).then((a) => this.host.answer(a, place), () => this.host.notice('The form was closed; what was typed could not be kept.'));
  }
}
