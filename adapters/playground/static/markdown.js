// Markdown as posts use it, built as DOM nodes: paragraphs, line breaks, bold, italic, strike, code, quotes, lists and
// links. Whatever is not Markdown is text, and text is never HTML.

import { el } from './dom.js';

// The inline marks. Where two begin at the same place, the first in the list counts.
const marks = [
  { pattern: /`([^`\n]+)`/g, make: (m) => [el('code', {}, m[1])] },
  { pattern: /\[([^\]\n]+)\]\(([^()\s]+)\)/g, link: true, make: (m) => [link(m[2], m[1], m[0])] },
  { pattern: /\*\*(?=\S)([^\n]+?)(?<=\S)\*\*/g, make: (m, inLink) => [el('strong', {}, inline(m[1], inLink))] },
  { pattern: /~~(?=\S)([^\n]+?)(?<=\S)~~/g, make: (m, inLink) => [el('s', {}, inline(m[1], inLink))] },
  { pattern: /(?<![\w*])\*(?=[^\s*])([^\n*]+?)(?<=\S)\*(?![\w*])/g, make: (m, inLink) => [el('em', {}, inline(m[1], inLink))] },
  { pattern: /(?<![\w_])_(?=[^\s_])([^\n_]+?)(?<=\S)_(?![\w_])/g, make: (m, inLink) => [el('em', {}, inline(m[1], inLink))] },
  { pattern: /\\([\\`*_{}[\]()#+\-.!~>|<&@])/g, make: (m) => [m[1]] },
  { pattern: /\bhttps?:\/\/[^\s<>"']*[^\s<>"'.,:;!?)\]}]/g, link: true, make: (m) => [link(m[0], m[0], m[0])] },
];

function link(address, text, raw) {
  let url;
  try { url = new URL(address); } catch { return raw; }
  if (!['http:', 'https:', 'mailto:'].includes(url.protocol)) return raw;
  return el('a', { href: url.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, text === address ? text : inline(text, true));
}

// inline marks up one run of text. Inside a link there is no other link. Each pattern searches on only when its last find
// was passed, so that a text full of half marks does not take long.
function inline(text, inLink = false) {
  const found = marks.filter((mark) => !(inLink && mark.link)).map((mark) => ({ mark, m: undefined }));
  const out = [];
  for (let at = 0; at < text.length;) {
    let first = null;
    for (const f of found) {
      if (f.m === undefined || (f.m && f.m.index < at)) {
        f.mark.pattern.lastIndex = at;
        f.m = f.mark.pattern.exec(text);
      }
      if (f.m && (!first || f.m.index < first.m.index)) first = f;
    }
    if (!first) { out.push(text.slice(at)); break; }
    if (first.m.index > at) out.push(text.slice(at, first.m.index));
    out.push(...first.mark.make(first.m, inLink));
    at = first.m.index + first.m[0].length;
  }
  return out;
}

function lines(list) {
  return list.flatMap((line, i) => (i ? [el('br'), ...inline(line)] : inline(line)));
}

// render gives the nodes of a text.
export function render(text) {
  return blocks((text || '').split('\n'), 0);
}

function blocks(all, depth) {
  const out = [];
  let paragraph = [];
  const flush = () => {
    if (paragraph.length) out.push(el('p', { dir: 'auto' }, lines(paragraph)));
    paragraph = [];
  };
  const run = (from, pattern) => {
    let to = from;
    while (to < all.length && pattern.test(all[to])) to++;
    return all.slice(from, to);
  };
  for (let i = 0; i < all.length;) {
    const line = all[i];
    const fence = /^(```+|~~~+)/.exec(line);
    if (fence) {
      flush();
      let end = i + 1;
      while (end < all.length && !all[end].startsWith(fence[1])) end++;
      out.push(el('pre', {}, el('code', {}, all.slice(i + 1, end).join('\n'))));
      i = end + 1;
    } else if (/^>/.test(line) && depth < 4) {
      flush();
      const quoted = run(i, /^>/);
      out.push(el('blockquote', { dir: 'auto' }, blocks(quoted.map((q) => q.replace(/^> ?/, '')), depth + 1)));
      i += quoted.length;
    } else if (/^\s{0,3}[-*+•] +\S/.test(line)) {
      flush();
      const items = run(i, /^\s{0,3}[-*+•] +\S/);
      out.push(el('ul', { dir: 'auto' }, items.map((item) => el('li', {}, inline(item.replace(/^\s*[-*+•] +/, ''))))));
      i += items.length;
    } else if (/^\s{0,3}\d{1,4}[.)] +\S/.test(line)) {
      flush();
      const items = run(i, /^\s{0,3}\d{1,4}[.)] +\S/);
      const list = el('ol', { dir: 'auto' }, items.map((item) => el('li', {}, inline(item.replace(/^\s*\d+[.)] +/, '')))));
      list.start = parseInt(items[0].trim(), 10);
      out.push(list);
      i += items.length;
    } else if (/^\s*$/.test(line)) {
      flush();
      i++;
    } else {
      paragraph.push(line);
      i++;
    }
  }
  flush();
  return out;
}

// plain is a text without its marks, for notices.
export function plain(text) {
  const box = el('div', {}, render(text));
  return box.textContent;
}
