// Requests to the server, as the person that the address names.

export const me = new URLSearchParams(location.search).get('as') || '';

// Problem is what the server refused or could not do; its message is for people.
export class Problem extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function nonce() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
}

async function answer(request) {
  let response;
  try {
    response = await request;
  } catch {
    throw new Problem(0, 'offline', 'The server can’t be reached. Nothing was lost: try again in a moment.');
  }
  let body = {};
  try { body = await response.json(); } catch { /* not ours */ }
  if (response.ok) return body;
  const e = body.error || { code: 'http', message: 'The server answered ' + response.status + '.' };
  throw new Problem(response.status, e.code, e.message);
}

export function get(path, params = {}) {
  return answer(fetch('api/' + path + '?' + new URLSearchParams({ as: me, ...params })));
}

// act does something. The nonce names it: the same one again is the same deed.
export function act(path, body, named = nonce()) {
  return answer(fetch('api/' + path, {
    method: 'POST', headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ as: me, nonce: named, ...body }),
  }));
}

// leave does something while the page goes away.
export function leave(path, body) {
  navigator.sendBeacon('api/' + path, new Blob([JSON.stringify({ as: me, nonce: nonce(), ...body })], { type: 'application/json' }));
}

export function upload(file) {
  const q = new URLSearchParams({ as: me, nonce: nonce(), name: file.name || 'pasted.png' });
  return answer(fetch('api/upload?' + q, {
    method: 'POST', headers: { 'Content-Type': file.type || 'application/octet-stream' }, body: file,
  })).then((a) => a.file);
}

export function fileURL(message, file) {
  return 'api/files/' + encodeURIComponent(message) + '/' + encodeURIComponent(file.id) + '?as=' + encodeURIComponent(me);
}
