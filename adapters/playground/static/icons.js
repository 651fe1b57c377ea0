// The page's own signs, drawn as strokes, so that they look alike whatever fonts there are.

const paths = {
  clip: 'M20 11.5l-8.2 8.2a5 5 0 0 1-7.100-7.100l8.500-8.500a3.300 3.300 0 0 1 4.700 4.700l-8.400 8.400a1.600 1.600 0 0 1-2.300-2.300l7.500-7.500',
  send: 'M4 12l16-8-5 16-3.500-6.500z M11.500 13.500L20 4',
  smile: 'M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18z M8.500 14.500c1.800 2.600 5.200 2.600 7 0 M9 9.500v.1 M15 9.500v.1',
  reply: 'M9 8L4.500 12.500 9 17 M5 12.500h8.500a6 6 0 0 1 6 6',
  more: 'M5 12h.1 M12 12h.1 M19 12h.1',
  eye: 'M2.500 12s3.500-6 9.500-6 9.500 6 9.500 6-3.500 6-9.500 6-9.500-6-9.500-6z M12 14.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z',
  file: 'M6 3h8l4.500 4.500V21H6z M14 3v5h4.500',
  close: 'M6 6l12 12 M18 6L6 18',
  menu: 'M4 7h16 M4 12h16 M4 17h16',
  window: 'M9 5H5v14h14v-4 M13 5h6v6 M19 5l-8 8',
  swap: 'M8 9l4-4 4 4 M8 15l4 4 4-4',
  help: 'M9 9.500a3 3 0 1 1 4.500 2.600c-1 .6-1.500 1.200-1.500 2.400 M12 18v.1',
  faults: 'M13 3L5 13.500h6L10 21l9-11h-6.500z',
};

export function icon(name) {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  for (const [k, v] of Object.entries({ viewBox: '0 0 24 24', 'aria-hidden': 'true', class: 'sign-' + name })) svg.setAttribute(k, v);
  const path = document.createElementNS(ns, 'path');
  path.setAttribute('d', paths[name]);
  svg.append(path);
  return svg;
}
