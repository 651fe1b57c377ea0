// Messages as they are shown: people's, the bot's with their cards and buttons, and those that only one person sees.

import { el, $, avatar, menu, beside, ago, fileSize, onEnter, toast } from './dom.js';
import { icon } from './icons.js';
import { plain, render } from './markdown.js';
import { act, fileURL, me, nonce } from './api.js';

export const emoji = {
  '+1': '👍', '-1': '👎', white_check_mark: '✅', x: '❌', eyes: '👀', tada: '🎉', heart: '❤️', pray: '🙏',
  smile: '😄', thinking_face: '🤔', cry: '😢', fire: '🔥', rocket: '🚀', wave: '👋', hourglass: '⌛', ticket: '🎫',
  question: '❓', exclamation: '❗', bulb: '💡', coffee: '☕',
};

const tones = ['neutral', 'info', 'good', 'warn', 'alert'];

// Messages renders for one person. host offers: person(id), bot, my (the workspace), answer(a, place), openThread(id),
// editing(message), put(message), remove(message).
export class Messages {
  constructor(host) { this.host = host; }

  author(m) {
    if (m.from !== 'bot') return this.host.person(m.from) || { name: m.from, avatar: '' };
    return m.author ? { ...m.author, via: true } : this.host.bot;
  }

  time(at) {
    const d = new Date(at);
    return el('time', { dateTime: at, title: d.toLocaleString(this.host.locale) },
      d.toLocaleTimeString(this.host.locale, { hour: '2-digit', minute: '2-digit' }));
  }

  // message is one message in a channel's list or, with inThread, in a thread's.
  message(m, replies, inThread) {
    const who = this.author(m);
    const mentioned = (m.mention || []).includes(me);
    const node = el('article', {
      class: 'message' + (mentioned ? ' mentioned' : ''), data: { message: m.id, from: m.from, order: m.order, at: m.at },
      aria: { label: who.name + ', ' + new Date(m.at).toLocaleTimeString(this.host.locale) },
    });
    node.append(avatar(who), el('div', { class: 'body' },
      el('div', { class: 'who' }, el('b', {}, who.name),
        who.via && el('span', { class: 'badge' }, 'via ' + this.host.bot.name),
        m.from === 'bot' && !m.author && el('span', { class: 'badge' }, 'bot'), this.time(m.at)),
      this.content(m, m.id),
      m.files && this.files(m),
      m.reactions && this.reactions(m),
      !inThread && replies && this.replies(m, replies)),
    this.tools(m, inThread));
    return node;
  }

  content(m, id) {
    const out = [];
    if (m.mention?.length) {
      out.push(el('p', { class: 'mentions' }, m.mention.map((p) =>
        el('span', { class: 'mention' + (p === me ? ' me' : '') }, '@' + (this.host.person(p)?.handle || p)))));
    }
    // A card's text is for notices; it often only repeats the title.
    if (m.text && !(m.card && plain(m.text).trim() === m.card.title)) {
      const text = el('div', { class: 'text' }, render(m.text));
      if (m.edited) (text.lastElementChild?.tagName === 'P' ? text.lastElementChild : text).append(el('small', { class: 'edited' }, ' (edited)'));
      out.push(text);
    }
    if (m.card) out.push(this.card(m.card));
    if (m.buttons?.length) out.push(this.buttons(m.buttons, id, m));
    return out;
  }

  card(c) {
    const tone = tones.includes(c.tone) ? c.tone : 'neutral';
    const title = c.url && /^https?:/.test(c.url)
      ? el('a', { href: c.url, target: '_blank', rel: 'noopener noreferrer' }, c.title) : c.title;
    return el('section', { class: 'card tone-' + tone, data: { card: c.title } },
      c.author && el('div', { class: 'card-author' }, avatar(c.author, 'avatar small'), el('span', { dir: 'auto' }, c.author.name)),
      c.title && el('h3', { dir: 'auto' }, title),
      c.text && el('div', { class: 'text' }, render(c.text)),
      c.facts?.length && el('dl', {}, c.facts.map((f) => el('div', { data: { fact: f.label } },
        el('dt', {}, f.label), el('dd', { dir: 'auto' }, f.since ? this.since(f.since) : f.value)))),
      c.footer && el('p', { class: 'footer', dir: 'auto' }, c.footer));
  }

  since(at) {
    return el('time', { dateTime: at, data: { since: at }, title: new Date(at).toLocaleString(this.host.locale) }, ago(at, this.host.locale));
  }

  buttons(list, id, place) {
    return el('div', { class: 'buttons', role: 'group', aria: { label: 'Actions' } }, list.map((b) => {
      const node = el('button', {
        type: 'button', class: 'act ' + (b.style || ''), data: { button: b.label, key: id + b.label },
        aria: b.options ? { haspopup: 'menu', expanded: 'false' } : {},
      }, el('span', {}, b.label), b.options && el('span', { class: 'caret', aria: { hidden: 'true' } }, '▾'));
      node.addEventListener('click', () => {
        if (!b.options) { this.press(node, b, [], place); return; }
        menu(node, b.label, b.options, (o) => this.press(node, b, [o.value], place));
      });
      return node;
    }));
  }

  async press(node, b, choice, place) {
    if (node.getAttribute('aria-disabled') === 'true') return; // a double click
    if (b.confirm && !(await confirm(b.confirm, b.label, b.style))) return;
    node.setAttribute('aria-disabled', 'true');
    node.classList.add('busy');
    try {
      this.host.answer(await act('click', { token: b.token, choice }, nonce()), place);
    } catch (e) {
      toast(e.message);
    } finally {
      node.removeAttribute('aria-disabled');
      node.classList.remove('busy');
    }
  }

  files(m) {
    return el('div', { class: 'files' }, m.files.map((f) => {
      const url = fileURL(m.id, f);
      if (f.image) {
        return el('a', { class: 'picture', href: url, target: '_blank', rel: 'noopener', data: { file: f.name } },
          el('img', { src: url, alt: f.name, loading: 'lazy' }));
      }
      return el('a', { class: 'file', href: url, download: f.name, data: { file: f.name } },
        icon('file'),
        el('span', {}, el('b', { dir: 'auto' }, f.name), el('small', {}, fileSize(f.size))));
    }));
  }

  reactions(m) {
    return el('div', { class: 'reactions' }, m.reactions.map((r) => {
      const mine = r.people.includes(me);
      const names = r.people.map((p) => this.host.person(p)?.name || p).join(', ');
      return el('button', {
        type: 'button', class: 'reaction' + (mine ? ' mine' : ''), title: names, data: { key: m.id + r.emoji },
        aria: { pressed: String(mine), label: r.emoji.replaceAll('_', ' ') + ', ' + names },
        onclick: () => this.react(m, r.emoji, mine),
      }, emoji[r.emoji] || ':' + r.emoji + ':', ' ', String(r.people.length));
    }));
  }

  async react(m, name, removed) {
    try {
      const a = await act('react', { message: m.id, emoji: name, removed });
      this.host.answer(a, m);
    } catch (e) { toast(e.message); }
  }

  replies(m, r) {
    const count = r.count >= 50 ? '50+' : String(r.count);
    return el('button', { type: 'button', class: 'replies', data: { replies: m.id, key: m.id + 'replies' }, onclick: () => this.host.openThread(m.id) },
      (r.from || []).map((id) => avatar(id === 'bot' ? this.host.bot : this.host.person(id) || { name: id }, 'avatar tiny')),
      el('b', {}, count + (r.count === 1 ? ' reply' : ' replies')),
      el('span', { class: 'last' }, 'last ', this.since(r.last)));
  }

  tools(m, inThread) {
    const choose = (button) => {
      const items = (this.host.my.shortcuts || []).map((s) => ({ label: s.label, value: 'shortcut:' + s.name, run: () => this.shortcut(m, s) }));
      if (m.from === me) {
        items.push({ label: 'Edit', value: 'edit', run: () => this.edit(m) });
        items.push({ label: 'Delete', value: 'delete', danger: true, run: () => this.remove(m) });
      }
      items.unshift({ label: 'Add a reaction', value: 'react', run: () => this.pick(button, m) });
      if (!inThread) items.unshift({ label: 'Reply in thread', value: 'thread', run: () => this.host.openThread(m.thread || m.id) });
      menu(button, 'Message', items, (i) => i.run());
    };
    return el('div', { class: 'tools', role: 'group', aria: { label: 'Message tools' } },
      el('button', {
        type: 'button', class: 'icon', title: 'Add a reaction', aria: { label: 'Add a reaction', haspopup: 'menu' }, data: { tool: 'react' },
        onclick: (e) => this.pick(e.currentTarget, m),
      }, icon('smile')),
      !inThread && el('button', {
        type: 'button', class: 'icon', title: 'Reply in thread', aria: { label: 'Reply in thread' }, data: { tool: 'thread' },
        onclick: () => this.host.openThread(m.thread || m.id),
      }, icon('reply')),
      el('button', {
        type: 'button', class: 'icon', title: 'More', aria: { label: 'More about this message', haspopup: 'menu', expanded: 'false' }, data: { tool: 'more' },
        onclick: (e) => choose(e.currentTarget),
      }, icon('more')));
  }

  pick(button, m) {
    menu(button, 'Emoji', Object.entries(emoji).map(([name, char]) => ({ label: char, value: name })), (c) => this.react(m, c.value, false));
    const pop = document.querySelector('.menu:popover-open');
    pop.classList.add('emoji');
    for (const item of pop.children) item.setAttribute('aria-label', item.dataset.option.replaceAll('_', ' '));
    beside(pop, button);
  }

  async shortcut(m, s) {
    try {
      this.host.answer(await act('shortcut', { message: m.id, name: s.name }), m);
    } catch (e) { toast(e.message); }
  }

  // edit turns the message's text into a box, in place.
  edit(m) {
    for (const node of document.querySelectorAll(`[data-message="${CSS.escape(m.id)}"]`)) {
      const text = node.querySelector('.text');
      if (!text || !node.checkVisibility()) continue;
      const named = nonce();
      const box = el('textarea', { value: m.text || '', rows: Math.min(10, (m.text || '').split('\n').length + 1), aria: { label: 'Edit the message' } });
      const back = () => {
        form.replaceWith(text);
        this.host.redraw(m.id); // it may have changed meanwhile
      };
      const form = el('form', { class: 'edit' }, box, el('div', { class: 'row' },
        el('button', { class: 'act primary' }, 'Save'), el('button', { type: 'button', class: 'act', onclick: back }, 'Cancel')));
      form.addEventListener('submit', async (e) => {
        e.preventDefault();
        try {
          const a = await act('edit', { message: m.id, text: box.value }, named);
          back();
          this.host.answer(a, m);
        } catch (err) { toast(err.message); }
      });
      box.addEventListener('keydown', (e) => {
        if (e.key === 'Escape') { e.stopPropagation(); back(); }
      });
      onEnter(box, () => form.requestSubmit());
      text.replaceWith(form);
      box.focus();
      return;
    }
  }

  async remove(m) {
    if (!(await confirm('Delete this message for everybody?', 'Delete', 'danger'))) return;
    try { this.host.answer(await act('delete', { message: m.id }), m); } catch (e) { toast(e.message); }
  }

  // private is a message that only this person sees, until it is dismissed.
  private(m, dismissed) {
    const node = el('article', { class: 'message private', data: { private: m.id, order: m.order, at: m.at, from: 'bot' } });
    node.append(avatar(this.host.bot), el('div', { class: 'body' },
      el('div', { class: 'notice' }, icon('eye'), 'Only visible to you', el('button', {
        type: 'button', class: 'link', onclick: () => { node.remove(); dismissed(); },
      }, 'Dismiss')),
      el('div', { class: 'who' }, el('b', {}, this.host.bot.name), el('span', { class: 'badge' }, 'bot'), this.time(m.at)),
      this.content(m, m.id)));
    return node;
  }
}

// confirm asks a question and waits for the answer.
export function confirm(question, label, style) {
  return new Promise((resolve) => {
    const box = $('confirm');
    box.replaceChildren(el('form', { method: 'dialog' },
      el('p', { id: 'confirm-text', dir: 'auto' }, question),
      el('div', { class: 'row end' },
        el('button', { class: 'act', value: 'no' }, 'Cancel'),
        el('button', { class: 'act ' + (style || 'primary'), value: 'yes', id: 'confirm-yes' }, label))));
    box.returnValue = 'no';
    box.addEventListener('close', () => resolve(box.returnValue === 'yes'), { once: true });
    box.showModal();
  });
}
