// What stands beside the chat: what to try, and how to make the chat misbehave.

import { el, $ } from './dom.js';
import { icon } from './icons.js';
import { me } from './api.js';

// tips shows a newcomer what to do, until it is dismissed.
export function tips(my, fill) {
  const box = $('tips');
  const key = 'balie.tips.' + my.name;
  const agent = my.people.find((p) => /agent/i.test(p.title || '') && p.id !== me) || my.people.find((p) => p.id !== me);
  const command = my.commands[0];
  const hide = () => { box.hidden = true; localStorage.setItem(key, 'hidden'); };
  const example = command && '/' + command.name + ' printer on floor 3 is broken';
  const home = my.channels.find((c) => !c.direct);
  const steps = [
    command && el('li', {}, 'Type ', el('button', { type: 'button', class: 'link', id: 'tips-try', onclick: () => fill(example) }, el('code', {}, example)),
      ' in ', el('a', { href: '#' + home.id }, '#' + home.name), ' and fill in the form.'),
    agent && el('li', {}, 'Open ', el('a', { href: '?as=' + agent.id, target: '_blank' }, 'a second window as ' + agent.name.split(' ')[0]),
      ', find the card in the team’s channel and press a button.'),
    el('li', {}, 'Answer each other, and watch ', el('b', {}, my.bot.name), ' under Direct messages carry it over.'),
    el('li', {}, 'Every message has a menu ', icon('more'), '; ', icon('faults'), ' makes the chat slow or fail, to see what happens then.'),
  ];
  box.replaceChildren(el('h2', {}, 'Try this'), el('ol', {}, steps.filter(Boolean)),
    el('button', { type: 'button', class: 'icon', id: 'tips-close', aria: { label: 'Dismiss' }, onclick: hide }, icon('close')));
  box.hidden = true;
  $('tips-open').onclick = () => { box.hidden = !box.hidden; if (box.hidden) hide(); else localStorage.removeItem(key); };
  // They stand in the first channel only, where a newcomer arrives.
  return (channel) => { box.hidden = channel !== home.id || localStorage.getItem(key) === 'hidden'; };
}

export function isFaulty(f) {
  return !!(f.delayMs || f.fail || f.failNext || f.uncertain || Object.keys(f.everyMs || {}).length);
}

export function showFaultSign(f) { $('fault-sign').hidden = !isFaulty(f); }

async function request(faults) {
  const r = await fetch('api/faults', faults
    ? { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(faults) } : {});
  const body = await r.json();
  if (!r.ok) throw new Error(body.error?.message || 'The server answered ' + r.status + '.');
  return body;
}

// faultsPanel lets people break the chat on purpose.
export function faultsPanel(my) {
  const box = $('faults');
  const number = (id, label, hint, value, max) => el('div', { class: 'field' }, el('label', { htmlFor: id }, label),
    el('input', { id, type: 'number', min: 0, max, value, aria: { describedby: id + '-hint' } }), el('p', { class: 'hint', id: id + '-hint' }, hint));
  const show = (f) => {
    const channels = my.channels.map((c) => number('fault-every-' + c.id, 'Limit ' + (c.direct ? 'my direct messages' : '#' + c.name),
      'Milliseconds between two posts; 0 for no limit', f.everyMs[c.id] || 0, 600000));
    const error = el('p', { class: 'error top', role: 'alert', hidden: true });
    const read = (id) => Number($(id).value) || 0;
    const save = async (e) => {
      e.preventDefault();
      const everyMs = { ...f.everyMs };
      for (const c of my.channels) everyMs[c.id] = read('fault-every-' + c.id);
      try {
        showFaultSign(await request({
          delayMs: read('fault-delay'), fail: $('fault-fail').checked, failNext: read('fault-next'), uncertain: read('fault-uncertain'), everyMs,
        }));
        box.close();
      } catch (err) {
        error.textContent = err.message;
        error.hidden = false;
      }
    };
    box.replaceChildren(el('form', { method: 'dialog', onsubmit: save },
      el('header', {}, el('h2', { id: 'faults-title' }, 'Make the chat misbehave'),
        el('button', { type: 'button', class: 'icon', aria: { label: 'Close' }, onclick: () => box.close() }, icon('close'))),
      el('div', { class: 'scroll' }, error,
        el('p', {}, 'This is how the chat treats the helpdesk’s posts, for everybody. Nothing must get lost, whatever you set.'),
        number('fault-delay', 'Answer slowly', 'Milliseconds more for each post', f.delayMs, 60000),
        el('div', { class: 'field' }, el('label', { class: 'choice' }, el('input', { id: 'fault-fail', type: 'checkbox', checked: f.fail }), el('span', {}, 'Fail, until this is off'))),
        number('fault-next', 'Fail the next', 'So many posts', f.failNext, 100000),
        number('fault-uncertain', 'Leave uncertain', 'So many posts are made, and an error is reported all the same', f.uncertain, 100000),
        channels),
      el('footer', { class: 'row end' },
        el('button', { type: 'button', class: 'act', onclick: async () => { showFaultSign(await request({ delayMs: 0, fail: false, failNext: 0, uncertain: 0, everyMs: {} })); box.close(); } }, 'All well again'),
        el('button', { class: 'act primary', id: 'faults-save' }, 'Set'))));
    box.showModal();
  };
  request().then(showFaultSign, () => {});
  $('faults-open').onclick = async () => show(await request());
}
