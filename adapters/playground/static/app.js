// The playground's page: a small chat. The address says who one is (?as=ana) and what is open (#general, and a thread in
// it: #general/MESSAGE), so that two windows can be two people.
//
// What a test can hold on to, and what stays:
//   #channels, #directs a[data-channel=ID]     the channels; .unread has a badge
//   #persona-button, #people a[data-person=ID] who one is, and the others
//   #messages, #thread-messages                article[data-message=ID][data-from=PERSON|bot], article[data-private=ID]
//   [data-card=TITLE] [data-fact=LABEL] dd     a card and its facts
//   button[data-button=LABEL]                  a button or menu; its choices are [role=menuitem][data-option=VALUE]
//   button[data-replies=ID]                    opens the thread under a message
//   [data-tool=react|thread|more]              a message's tools; the menu has data-option thread, edit, delete, shortcut:NAME
//   #composer-text, #composer-send, #composer-error, #composer-file, and the same with #thread-composer-
//   dialog#form, #field-ID, #error-ID ("#error-" is the form's own), [data-field=ID], #form-submit, #form-close
//   dialog#confirm, #confirm-yes · dialog#faults, #fault-delay, #fault-next, #faults-save · #tips-close
//   html[data-ready=ID]                        the channel is shown and the live stream is up

import { el, $, avatar, ago, beside, say, toast } from './dom.js';
import { icon } from './icons.js';
import { get, me } from './api.js';
import { plain } from './markdown.js';
import { Messages } from './messages.js';
import { FormDialog } from './forms.js';
import { Composer } from './composer.js';
import { tips, faultsPanel, showFaultSign } from './panels.js';
import { List } from './list.js';

class App {
  constructor(my) {
    this.my = my;
    this.bot = my.bot;
    this.people = my.people;
    this.limits = my.limits;
    this.locale = my.me.locale || 'en';
    this.byID = new Map(my.people.map((p) => [p.id, p]));
    this.unread = new Map();
    this.messages = new Messages(this);
    this.form = new FormDialog(this);
    this.list = new List($('messages'), this.messages, { path: 'messages', thread: false });
    this.replies = new List($('thread-messages'), this.messages, { path: 'thread', thread: true });
    this.composer = new Composer($('composer'), 'composer', this, () => ({ channel: this.channel }));
    this.threadComposer = new Composer($('thread-composer'), 'thread-composer', this, () => ({ channel: this.channel, thread: this.root }));
    this.threadComposer.prompt('Reply…');
  }

  person(id) { return id === 'bot' ? this.bot : this.byID.get(id); }

  start() {
    for (const n of document.querySelectorAll('[data-icon]')) n.append(icon(n.dataset.icon));
    document.title = this.my.name + ' – ' + this.my.me.name;
    $('workspace-name').textContent = this.my.name;
    for (const c of this.my.channels) {
      const seen = localStorage.getItem(this.seenKey(c.id));
      if (seen === null) this.seen(c.id, c.last || '');
      else if ((c.last || '') > seen) this.unread.set(c.id, 0);
    }
    this.persona();
    this.tipsFor = tips(this.my, (text) => this.composer.fill(text));
    faultsPanel(this.my);
    addEventListener('hashchange', () => this.route());
    document.addEventListener('keydown', (e) => {
      if (e.key === 'Escape' && !document.querySelector('dialog[open]') && !$('thread').hidden) this.closeThread();
    });
    $('thread-close').onclick = () => this.closeThread();
    const drawer = (open) => { document.body.classList.toggle('drawer', open); $('scrim').hidden = !open; };
    $('sidebar-open').onclick = () => { drawer(true); $('sidebar').querySelector('a').focus(); };
    $('sidebar-close').onclick = () => { drawer(false); $('sidebar-open').focus(); };
    $('scrim').onclick = () => drawer(false);
    this.drawer = drawer;
    setInterval(() => {
      for (const t of document.querySelectorAll('[data-since]')) t.textContent = ago(t.dataset.since, this.locale);
    }, 15000);
    document.addEventListener('visibilitychange', () => { if (!document.hidden) this.look(); });
    this.listen();
    this.route();
  }

  // route shows what the address says.
  async route() {
    const [channel, root] = decodeURIComponent(location.hash.slice(1)).split('/');
    const found = this.my.channels.find((c) => c.id === channel) || this.my.channels[0];
    this.drawer(false);
    if (this.channel !== found.id) {
      delete document.documentElement.dataset.ready;
      this.channel = found.id;
      this.here = found;
      $('channel-name').textContent = (found.direct ? '' : '# ') + found.name;
      $('channel-topic').textContent = found.topic || '';
      this.composer.prompt(found.direct ? 'Message ' + found.name : 'Message #' + found.name);
      $('messages').setAttribute('aria-label', 'Messages in ' + found.name);
      this.tipsFor(found.id);
      await this.list.load({ channel: found.id });
      this.markReady();
    }
    if (root && root !== this.root) {
      this.root = root;
      $('thread').hidden = false;
      document.body.classList.add('with-thread');
      await this.replies.load({ root });
      this.threadComposer.text.focus();
    } else if (!root && this.root) {
      this.root = null;
      $('thread').hidden = true;
      document.body.classList.remove('with-thread');
    }
    this.look();
  }

  markReady() {
    if (this.live && this.list.loaded) document.documentElement.dataset.ready = this.channel;
  }

  openThread(id) { location.hash = this.channel + '/' + id; }

  closeThread() {
    const root = this.root;
    location.hash = this.channel;
    document.querySelector(`[data-replies="${CSS.escape(root)}"]`)?.focus();
  }

  // listen follows what happens. The browser reconnects by itself unless the server refuses; then we do, and read anew.
  listen() {
    const events = new EventSource('api/events?as=' + encodeURIComponent(me));
    const on = (kind, does) => events.addEventListener(kind, (e) => does(JSON.parse(e.data)));
    events.onopen = () => { $('connection').hidden = true; };
    events.onerror = () => {
      $('connection').hidden = false;
      if (events.readyState !== EventSource.CLOSED) return;
      setTimeout(() => { this.stale = true; this.listen(); }, 1500);
    };
    on('hello', () => {
      this.live = true;
      if (this.stale) { this.stale = false; this.reload(); }
      this.markReady();
    });
    on('reset', () => { this.live = true; this.reload(); });
    on('message', (m) => this.put(m, true));
    on('deleted', (d) => this.take(d));
    on('private', (p) => this.private(p));
    on('faults', showFaultSign);
  }

  reload() {
    this.list.load({ channel: this.channel });
    if (this.root) this.replies.load({ root: this.root });
  }

  // put shows a new or changed message wherever it belongs.
  put(m, live) {
    const fresh = m.rev === 0 && live && m.from !== me;
    if (m.channel === this.channel) {
      if (!m.thread) this.list.put(m);
      else this.list.counted(m);
      if (this.root && (m.thread === this.root || m.id === this.root)) this.replies.put(m);
    }
    if (!fresh) return;
    const watched = m.channel === this.channel && !document.hidden;
    if (watched) this.seen(m.channel, m.order);
    else if (!m.quiet) {
      this.unread.set(m.channel, (this.unread.get(m.channel) || 0) + 1);
      this.sidebar();
    }
    if (m.channel === this.channel) {
      const who = this.messages.author(m).name;
      say(who + ': ' + plain(m.text || m.card?.title || 'a file').slice(0, 200));
    }
  }

  take(d) {
    if (d.channel !== this.channel) return;
    this.list.take(d);
    this.replies.take(d);
  }

  private(p) {
    if (p.channel !== this.channel) return;
    (p.thread && p.thread === this.root ? this.replies : this.list).private(p);
    say('Only for you: ' + plain(p.text || p.card?.title || ''));
  }

  // answer shows what an action led to.
  answer(a, place) {
    if (a.message) {
      if (a.message.deleted) this.take(a.message);
      else this.put(a.message, false);
    }
    for (const p of a.private || []) this.private(p);
    if (a.form) this.form.show(a.form, place);
    else if (a.errors) toast(Object.values(a.errors).join(' '));
  }

  redraw(id) {
    this.list.redraw(id);
    this.replies.redraw(id);
  }

  notice(text) { toast(text); }

  seenKey(channel) { return 'balie.seen.' + this.my.name + '.' + me + '.' + channel; }

  seen(channel, order) {
    const key = this.seenKey(channel);
    if ((localStorage.getItem(key) ?? '') <= order) localStorage.setItem(key, order);
  }

  // look marks the open channel as read.
  look() {
    this.unread.delete(this.channel);
    const last = [this.list.last(), this.here?.last || ''].sort().pop();
    this.seen(this.channel, last);
    this.sidebar();
  }

  // sidebar lists the channels; links that are there already are only brought up to date, so that nobody's pointer or
  // focus loses them.
  sidebar() {
    for (const c of this.my.channels) {
      let link = $('sidebar').querySelector(`a[data-channel="${CSS.escape(c.id)}"]`);
      if (!link) {
        link = el('a', { href: '#' + c.id, data: { channel: c.id } },
          c.direct ? avatar(this.bot, 'avatar tiny') : el('span', { class: 'hash', aria: { hidden: 'true' } }, '#'),
          el('span', {}, c.name), el('span', { class: 'count' }));
        $(c.direct ? 'directs' : 'channels').append(el('li', {}, link));
      }
      const waiting = this.unread.has(c.id);
      const n = this.unread.get(c.id);
      link.classList.toggle('unread', waiting);
      if (c.id === this.channel) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
      link.lastElementChild.hidden = !waiting;
      link.lastElementChild.replaceChildren(n ? String(Math.min(n, 99)) : '•', el('span', { class: 'unseen' }, ' unread'));
    }
  }

  persona() {
    const mine = this.my.me;
    const button = $('persona-button');
    button.append(avatar(mine), el('span', {}, el('b', {}, mine.name), el('small', {}, mine.title || '')), icon('swap'));
    $('people').append(el('p', {}, 'Be somebody else'), el('ul', {}, this.people.map((p) => el('li', {},
      el('a', { href: '?as=' + p.id, data: { person: p.id }, aria: { current: p.id === me ? 'true' : undefined } },
        avatar(p), el('span', {}, el('b', {}, p.name), el('small', {}, [p.title, (p.locale || '').slice(0, 2).toUpperCase()].filter(Boolean).join(' · ')))),
      el('a', { href: '?as=' + p.id, target: '_blank', class: 'icon', title: 'In another window', aria: { label: p.name + ' in another window' } }, icon('window'))))));
    button.onclick = () => { $('people').showPopover(); beside($('people'), button); $('people').querySelector('a').focus(); };
    $('people').addEventListener('toggle', (e) => button.setAttribute('aria-expanded', String(e.newState === 'open')));
  }
}

async function begin() {
  try {
    const my = await get('workspace');
    if (!me) {
      location.replace('?as=' + encodeURIComponent(my.me.id) + location.hash);
      return;
    }
    new App(my).start();
  } catch (e) {
    $('messages').append(el('p', { class: 'empty', role: 'alert' }, e.message, ' ', el('a', { href: './' }, 'Start again')));
    if (e.status === 0 || e.status >= 500) setTimeout(() => location.reload(), 3000);
  }
}

begin();
