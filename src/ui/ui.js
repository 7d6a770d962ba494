// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The web page. What it shows comes from /v1; text enters the page by textContent only. In this
// order: the server, what is said about a job, uploads, the list, the reader, the events.

const LIST = 50; // jobs asked for at once
const WATCHED = 2; // long polls at once: a browser has six connections for all tabs of a server
const SENDING = 2; // uploads at once
const STRIP = 30; // page numbers shown at once
const LOW = 0.75; // a line below this confidence is marked

const ui = {};
for (const node of document.querySelectorAll('[id]')) ui[node.id] = node;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

function quietButton(textContent) {
  return make('button', { type: 'button', className: 'quiet', textContent });
}

function say(text) {
  ui.said.textContent = text;
}

function notice(text) {
  ui.notice.hidden = !text;
  ui.notice.firstElementChild.textContent = text;
}

const told = (work) => (...given) => work(...given).catch((error) => notice(error.message));

// ---- The server

const access = { token: sessionStorage.token ?? '', asked: null, refused: false };

const headers = () => (access.token ? { Authorization: `Bearer ${access.token}` } : {});

function sentence(text) {
  const full = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(full) ? full : `${full}.`;
}

function problem(status, body) {
  const text = body?.detail || `the server answered ${status}`;
  return Object.assign(new Error(sentence(text)), { status });
}

const locked = () => new Error('This server asks for a token.');

function takeToken(given) {
  access.asked = null;
  access.refused = !given;
  access.token = given || access.token;
  if (given) sessionStorage.token = given;
}

function openTokenDialog(wrong) {
  ui.wrong.hidden = !wrong;
  ui.token.returnValue = '';
  ui.token.showModal();
  return new Promise((resolve, reject) => {
    ui.token.onclose = () => {
      const given = ui.token.returnValue && ui.secret.value.trim();
      ui.secret.value = '';
      takeToken(given);
      given ? resolve() : reject(locked());
    };
  });
}

/* One dialog for all requests that wait for a token; after "Not now" they fail. */
function askToken(used) {
  if (used !== access.token) return Promise.resolve();
  if (access.refused) return Promise.reject(locked());
  access.asked ??= openTokenDialog(used !== '');
  return access.asked;
}

async function call(path, init) {
  const used = access.token;
  const response = await fetch(path, { ...init, headers: headers() }).catch((error) => {
    throw error.name === 'AbortError' ? error : new Error('The server does not answer.');
  });
  if (response.status === 401) {
    await askToken(used);
    return call(path, init);
  }
  if (!response.ok) throw problem(response.status, await response.json().catch(() => null));
  return response;
}

const fetchJson = async (path, init) => (await call(path, init)).json();
const jobPath = (id, rest) => `/v1/jobs/${id}${rest}`;

/* XMLHttpRequest, as fetch does not tell how much of a body has been sent. */
function post(form, upload) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    upload.stop = () => request.abort();
    request.open('POST', '/v1/jobs');
    request.responseType = 'json';
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.upload.onprogress = (e) => upload.progress(e.loaded, e.total);
    request.onload = () => resolve(request);
    request.onerror = () => reject(new Error('The server broke off, or the file cannot be read.'));
    request.onabort = () => reject(new DOMException('', 'AbortError'));
    request.send(form);
  });
}

async function submit(form, upload) {
  const used = access.token;
  const { status, response } = await post(form, upload);
  if (status === 401) {
    await askToken(used);
    return submit(form, upload);
  }
  if (status >= 300 || !response) throw problem(status, response);
  return response;
}

// ---- What is said about a job

const percent = (x) => `${Math.round(x * 100)} %`;
const many = (n, word) => `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`;
const join = (...parts) => parts.filter(Boolean).join(' · ');
const ended = (job) => !['pending', 'processing'].includes(job.status);

function size(bytes) {
  const power = Math.min(3, Math.floor(Math.log10(bytes || 1) / 3));
  const n = bytes / 1000 ** power;
  return `${n.toFixed(power && n < 10 ? 1 : 0)} ${['bytes', 'kB', 'MB', 'GB'][power]}`;
}

function span(seconds) {
  const units = [['day', 86400], ['hour', 3600], ['minute', 60]];
  const [unit, length] = units.find(([, length]) => seconds >= length) ?? ['second', 1];
  return many(Math.max(1, Math.round(seconds / length)), unit);
}

function ago(time) {
  const seconds = (Date.now() - Date.parse(time)) / 1000;
  return seconds < 60 ? 'just now' : `${span(seconds)} ago`;
}

const left = (seconds) => (seconds === null ? '' : `about ${span(seconds)} left`);
const pagesFailed = (job) => (job.pages.failed ? `${many(job.pages.failed, 'page')} failed` : '');
const pagesDone = ({ pages }) => `${pages.done} of ${many(pages.total, 'page')}`;

const STATUS = {
  pending(job) {
    if (job.phase === 'opening') return 'Opening';
    return job.queue_position > 1 ? `Waiting, ${job.queue_position - 1} ahead` : 'Waiting';
  },
  processing: (job) => join(`Reading, ${pagesDone(job)}`, pagesFailed(job), left(job.eta_seconds)),
  completed: (job) => join(many(job.pages.total, 'page'), pagesFailed(job)),
  failed({ error }) {
    const hint = error?.code === 'password' ? ' Set it in Options and add the document again.' : '';
    return sentence(error?.message ?? 'failed') + hint;
  },
  cancelled: (job) => join('Cancelled', job.pages.total && pagesDone(job)),
};

const statusText = (job) => STATUS[job.status]?.(job) ?? job.status;
const partial = (job) => job.status === 'completed' && job.pages.failed;
const statusMark = (job) => (partial(job) ? 'partial' : job.status);
const factsText = (job) => join(size(job.size), ago(job.created_at));

const HOPELESS = ['input', 'password', 'unsupported'];

function retryable(job) {
  if (!ended(job)) return false;
  if (job.status === 'failed') return !HOPELESS.includes(job.error?.code);
  return job.status === 'cancelled' || job.pages.failed > 0;
}

const ACTIONS = [
  { label: 'Cancel', when: (job) => !ended(job), method: 'POST', path: '/cancel' },
  { label: 'Try again', when: retryable, method: 'POST', path: '/retry' },
  { label: 'Delete', sure: 'Delete for good?', when: ended, method: 'DELETE', path: '' },
];

const act = told(async (action, id) => {
  const response = await call(jobPath(id, action.path), { method: action.method });
  if (response.status === 204) forget(id);
  else put(await response.json());
});

/* An action with a question is done on the second press; leaving takes the first back. */
function actionButton(action, id) {
  const button = quietButton(action.label);
  const arm = (on) => {
    button.classList.toggle('sure', on);
    button.textContent = on ? action.sure : action.label;
  };
  button.onclick = () => {
    if (action.sure && !button.classList.contains('sure')) arm(true);
    else act(action, id);
  };
  if (action.sure) button.onblur = button.onpointerleave = () => arm(false);
  return button;
}

function showActions(box, job) {
  const wanted = ACTIONS.filter((action) => action.when(job));
  const key = job.id + wanted.map((action) => action.label);
  if (box.dataset.key === key) return;
  const focused = box.contains(document.activeElement);
  box.dataset.key = key;
  box.replaceChildren(...wanted.map((action) => actionButton(action, job.id)));
  if (focused) box.firstElementChild?.focus();
}

function showBar(bar, good, bad, total, label) {
  const share = (n) => (total ? (100 * n) / total : 0);
  [good, bad].forEach((n, i) => (bar.children[i].style.flexBasis = `${share(n)}%`));
  bar.hidden = !total;
  bar.ariaLabel = label;
  bar.ariaValueNow = Math.round(share(good + bad));
}

function showJobBar(bar, job) {
  const { done, failed, total } = job.pages;
  showBar(bar, done, failed, ended(job) ? 0 : total, `Pages of ${job.filename} read`);
}

// ---- Uploads

const uploads = [];
let sending = 0;

function newRow() {
  const row = ui.row.content.firstElementChild.cloneNode(true);
  const parts = ['name', 'status', 'facts', 'actions', 'bar'];
  return { row, ...Object.fromEntries(parts.map((part) => [part, row.querySelector(`.${part}`)])) };
}

function newUpload(file, options) {
  const { row, name, status, facts, actions, bar } = newRow();
  const button = quietButton('Cancel');
  const upload = { file, options, row };
  name.textContent = file.name;
  facts.textContent = size(file.size);
  status.textContent = 'Waiting to be sent';
  actions.append(button);
  upload.progress = (sent, total) => {
    status.textContent = sent < total ? `Sending, ${percent(sent / total)}` : 'Sent';
    showBar(bar, sent, 0, total, `${file.name} sent`);
  };
  upload.fail = (message) => {
    row.dataset.status = 'failed';
    status.textContent = message;
    bar.hidden = true;
    button.textContent = 'Dismiss';
    say(`${file.name}: ${message}`);
  };
  button.onclick = () => {
    upload.dropped = true;
    upload.stop?.();
    row.remove();
    showList();
  };
  return upload;
}

async function send(upload) {
  const form = new FormData();
  for (const [name, value] of upload.options) form.append(name, value);
  form.append('file', upload.file, upload.file.name);
  try {
    const job = await submit(form, upload);
    upload.row.remove();
    put(job);
    say(`${job.filename} was added`);
  } catch (error) {
    if (error.name !== 'AbortError') upload.fail(error.message);
  }
}

async function sendAll() {
  if (sending === SENDING) return;
  sending++;
  for (let upload; (upload = uploads.shift()); ) if (!upload.dropped) await send(upload);
  sending--;
}

function add(files) {
  const options = [...new FormData(ui.add)].filter(([, value]) => value);
  for (const file of files) {
    const upload = newUpload(file, options);
    ui.uploads.append(upload.row);
    uploads.push(upload);
    sendAll();
  }
  ui.add.elements.password.value = '';
  showList();
}

// ---- The list

const jobs = new Map(); // by id; ids sort by time
const rows = new Map();
const watches = new Map();
const list = { timer: 0, cursor: null, extended: false, loaded: false, failed: false };

const newestFirst = (a, b) => (a.id < b.id ? 1 : -1);

function keep(job) {
  const known = jobs.get(job.id) ?? job;
  if (known.revision > job.revision) return;
  if (!ended(known) && ended(job)) say(`${job.filename}: ${statusText(job)}`);
  jobs.set(job.id, job);
  if (reader.id === job.id) showJob();
}

function put(...fresh) {
  fresh.forEach(keep);
  showList();
  watchActive();
}

function forget(id) {
  jobs.delete(id);
  rows.get(id)?.row.remove();
  rows.delete(id);
  if (reader.id === id) leave();
  put();
}

function showRow(job) {
  if (!rows.has(job.id)) rows.set(job.id, newRow());
  const { row, name, status, facts, actions, bar } = rows.get(job.id);
  row.dataset.status = statusMark(job);
  name.textContent = job.filename || 'Unnamed';
  name.href = hashOf(job.id);
  status.textContent = statusText(job);
  facts.textContent = factsText(job);
  showActions(actions, job);
  showJobBar(bar, job);
  return row;
}

function showList() {
  [...jobs.values()].sort(newestFirst).forEach((job, i) => {
    const row = showRow(job);
    const there = ui.jobs.children[i];
    if (there !== row) ui.jobs.insertBefore(row, there ?? null);
  });
  ui.empty.hidden = !list.loaded || jobs.size > 0 || ui.uploads.childElementCount > 0;
  ui.more.hidden = !list.cursor;
}

function merge(page, known) {
  const fresh = new Set(page.jobs.map((job) => job.id));
  const oldest = page.next_cursor ? page.jobs.at(-1).id : '';
  for (const id of known) if (id >= oldest && !fresh.has(id)) forget(id);
  if (!list.extended) list.cursor = page.next_cursor;
  list.loaded = true;
  put(...page.jobs);
}

function again() {
  const unwatched = [...jobs.values()].some((job) => !ended(job) && !watches.has(job.id));
  clearTimeout(list.timer);
  if (document.hidden || access.refused) return;
  list.timer = setTimeout(refresh, list.failed || unwatched ? 3000 : 15000);
}

async function refresh() {
  const known = [...jobs.keys()];
  try {
    merge(await fetchJson(`/v1/jobs?limit=${LIST}`), known);
    if (list.failed) notice('');
    list.failed = false;
  } catch (error) {
    list.failed = true;
    notice(error.message);
  }
  again();
}

const showMore = told(async () => {
  const page = await fetchJson(`/v1/jobs?limit=${LIST}&cursor=${list.cursor}`);
  list.extended = true;
  list.cursor = page.next_cursor;
  put(...page.jobs);
});

function unwatch(id) {
  watches.get(id)?.abort();
  watches.delete(id);
}

/* The job that is open, then those being read, then the oldest ones: they are read first. */
function watchActive() {
  const rank = (job) => (job.id === reader.id ? 0 : job.status === 'processing' ? 1 : 2);
  const active = [...jobs.values()].filter((job) => !ended(job));
  active.sort((a, b) => rank(a) - rank(b) || newestFirst(b, a));
  const wanted = document.hidden ? [] : active.slice(0, WATCHED).map((job) => job.id);
  for (const id of watches.keys()) if (!wanted.includes(id)) unwatch(id);
  for (const id of wanted) if (!watches.has(id)) watch(id);
}

async function watch(id) {
  const controller = new AbortController();
  const { signal } = controller;
  watches.set(id, controller);
  try {
    while (!signal.aborted) {
      put(await fetchJson(jobPath(id, `?wait=20&revision=${jobs.get(id).revision}`), { signal }));
      await pause(200);
    }
  } catch (error) {
    if (error.status === 404) forget(id);
  }
  if (!signal.aborted) unwatch(id);
}

// ---- The reader

const reader = { id: null, page: 0, rows: [], result: null, abort: new AbortController() };

const hashOf = (id, page) => `#/jobs/${id}${page ? `/${page}` : ''}`;
const place = () => reader.rows.findIndex((row) => row.page === reader.page);

function go(page) {
  if (!page) return;
  reader.page = page;
  history.replaceState(null, '', hashOf(reader.id, page));
  showJob();
}

const step = (by) => go(reader.rows[place() + by]?.page);

function showHead(job) {
  ui.reader.dataset.status = statusMark(job);
  ui.name.textContent = job.filename || 'Unnamed';
  ui.state.textContent = join(statusText(job), factsText(job));
  showActions(ui.actions, job);
  showJobBar(ui.bar, job);
  ui.downloads.hidden = !ended(job) || !job.pages.total;
  for (const link of ui.downloads.querySelectorAll('a')) {
    link.href = job.result[link.textContent];
    link.download = `${job.filename.replace(/\.[^.]*$/, '') || 'pagemill'}.${link.textContent}`;
  }
}

function stripLink(row) {
  const href = hashOf(reader.id, row.page);
  const link = make('a', { href, textContent: row.page });
  link.dataset.state = row.status;
  link.ariaLabel = `Page ${row.page}, ${row.status}`;
  if (row.page === reader.page) link.ariaCurrent = 'page';
  return link;
}

const stripStart = () => Math.max(0, place() - (place() % STRIP));

function showPlace() {
  const { rows: all, page } = reader;
  const last = all.at(-1)?.page ?? 1;
  const focused = ui.strip.contains(document.activeElement);
  ui.previous.disabled = place() <= 0;
  ui.next.disabled = page === last;
  ui.number.value = page || 1;
  ui.of.textContent = `of ${last.toLocaleString('en')}`;
  ui.tools.hidden = !all.length;
  ui.strip.hidden = all.length < 2;
  ui.strip.replaceChildren(...all.slice(stripStart(), stripStart() + STRIP).map(stripLink));
  if (focused) ui.strip.querySelector('[aria-current]')?.focus();
}

const fetchRows = (id, from, limit) => fetchJson(jobPath(id, `/pages?from=${from}&limit=${limit}`));

async function fetchAllRows(id) {
  const all = [];
  for (let from = 1; from; ) {
    const { pages, next_from } = await fetchRows(id, from, 1000);
    all.push(...pages);
    from = next_from;
  }
  return all;
}

/* All rows once; then only those on the strip, as a document may have many thousands. */
async function fetchPlace(job) {
  const { id, revision, pages } = job;
  const start = stripStart();
  const fresh = [id, revision, start].join();
  if (!pages.total || fresh === reader.fresh) return;
  const whole = reader.rows.length !== pages.total;
  const all = whole ? await fetchAllRows(id) : reader.rows.slice();
  if (!whole) all.splice(start, STRIP, ...(await fetchRows(id, all[start].page, STRIP)).pages);
  if (reader.id === id) Object.assign(reader, { rows: all, fresh });
}

async function syncOnce(job) {
  await fetchPlace(job);
  if (reader.id !== job.id) return;
  reader.page ||= reader.rows[0]?.page ?? 0;
  showPlace();
  const row = reader.rows[place()];
  const shown = [job.id, job.pages.total || job.status, row?.page, row?.status].join();
  if (shown !== reader.shown) showPage(job, row);
  reader.shown = shown;
}

/* What comes while one round is under way is covered by one more round. */
async function showJob() {
  showHead(jobs.get(reader.id));
  reader.again = true;
  if (reader.syncing) return;
  reader.syncing = true;
  while (reader.again && jobs.has(reader.id)) {
    reader.again = false;
    await syncOnce(jobs.get(reader.id)).catch((error) => notice(error.message));
  }
  reader.syncing = false;
}

const ABSENT = {
  ready: 'This page is waiting to be read.',
  running: 'This page is being read.',
  cancelled: 'The job was cancelled before this page was read.',
};

function absence(job, row) {
  if (!job.pages.total) return ended(job) ? statusText(job) : 'The document is being opened.';
  if (!row) return 'The document has no such page, or it was not asked for.';
  return ABSENT[row.status] ?? sentence(row.error.message);
}

function showPage(job, row) {
  reader.abort.abort();
  reader.abort = new AbortController();
  reader.result = null;
  const path = jobPath(job.id, `/pages/${reader.page}`);
  document.title = join(job.filename, row && `page ${row.page}`, 'pagemill');
  ui.copy.disabled = true;
  ui.overlay.replaceChildren();
  ui.tip.hidden = true;
  ui.picture.hidden = !row;
  if (row) loadImage(`${path}/image`, reader.abort.signal);
  if (row?.status === 'done') loadText(path, reader.abort.signal);
  else showNothing(absence(job, row), row?.status === 'failed' ? 'bad' : '');
}

function showNothing(textContent, mark) {
  ui.lines.replaceChildren(make('p', { className: `nothing ${mark}`, textContent }));
  ui.facts.textContent = '';
}

async function showImage(blob, why) {
  URL.revokeObjectURL(ui.image.src);
  if (blob) ui.image.src = URL.createObjectURL(blob);
  if (blob) await ui.image.decode();
  ui.image.alt = `Picture of page ${reader.page}`;
  ui.image.hidden = !blob;
  ui.note.hidden = Boolean(blob);
  ui.note.textContent = why;
}

async function loadImage(path, signal) {
  ui.picture.ariaBusy = 'true';
  try {
    const blob = await (await call(path, { signal })).blob();
    if (!signal.aborted) await showImage(blob, '');
  } catch (error) {
    if (!signal.aborted) showImage(null, `There is no picture of this page. ${error.message}`);
  }
  if (!signal.aborted) ui.picture.ariaBusy = 'false';
}

async function loadText(path, signal) {
  try {
    const result = await fetchJson(path, { signal });
    if (!signal.aborted) showResult(result);
  } catch (error) {
    if (!signal.aborted) showNothing(error.message, 'bad');
  }
}

const TAGS = { title: 'h2', heading: 'h3' };
const linesOf = (result) => result.blocks.flatMap((block) => block.lines);
const lineClass = (line) => (line.confidence < LOW ? 'low' : '');

function blockNode(block, numbers) {
  const node = make(TAGS[block.type] ?? 'p', { dir: 'auto' });
  for (const line of block.lines) {
    const span = make('span', { textContent: line.text, className: lineClass(line) });
    span.dataset.line = numbers.get(line);
    node.append(span);
  }
  return node;
}

function polygonNode(line, i) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', 'polygon');
  node.setAttribute('points', line.polygon.join(' '));
  node.setAttribute('class', lineClass(line));
  node.dataset.line = i;
  return node;
}

function showResult(result) {
  const lines = linesOf(result);
  const numbers = new Map(lines.map((line, i) => [line, i]));
  ui.lines.replaceChildren(...result.blocks.map((block) => blockNode(block, numbers)));
  if (!lines.length) showNothing('There is no text on this page.', '');
  ui.overlay.setAttribute('viewBox', `0 0 ${result.width} ${result.height}`);
  ui.overlay.replaceChildren(...lines.map(polygonNode));
  ui.facts.textContent = resultFacts(result, lines.length);
  ui.copy.disabled = !lines.length;
  reader.result = result;
}

function resultFacts(result, lines) {
  const source = result.source === 'text' ? "the document's own text" : result.engine;
  const warnings = result.warnings.map((warning) => sentence(warning.message));
  return join(lines && `${percent(result.confidence)} sure`, many(lines, 'line'), source,
              `${(result.duration_ms / 1000).toFixed(1)} s`, ...warnings);
}

const textOf = (block) => block.lines.map((line) => line.text).join('\n');

/* navigator.clipboard is there on https and localhost only. */
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = make('textarea', { value: text, className: 'unseen' });
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

const copyPage = told(async () => {
  await copy(reader.result.blocks.map(textOf).join('\n\n'));
  say('Copied');
  ui.copy.textContent = 'Copied';
  await pause(1500);
  ui.copy.textContent = 'Copy text';
});

/* A link cannot carry the token. */
const download = told(async (e) => {
  const link = e.target.closest('a');
  if (!link || !access.token) return;
  e.preventDefault();
  const href = URL.createObjectURL(await (await call(link.pathname)).blob());
  make('a', { href, download: link.download }).click();
  await pause(60000);
  URL.revokeObjectURL(href);
});

function showTip(line, polygon) {
  const tip = ui.tip;
  tip.children[0].textContent = line.text;
  tip.children[1].textContent = percent(line.confidence);
  tip.hidden = false;
  const paper = ui.overlay.getBoundingClientRect();
  const box = polygon.getBoundingClientRect();
  const x = Math.min(box.left - paper.left, paper.width - tip.offsetWidth - 4);
  const above = box.top - tip.offsetHeight - 5;
  tip.style.left = `${Math.max(4, x)}px`;
  tip.style.top = `${(above > 0 ? above : box.bottom + 5) - paper.top}px`;
}

function point(e) {
  const at = e.target.dataset.line;
  for (const node of document.querySelectorAll('#reader .on')) node.classList.remove('on');
  ui.tip.hidden = true;
  if (!at || !reader.result) return;
  for (const node of document.querySelectorAll(`[data-line="${at}"]`)) node.classList.add('on');
  if (e.target.matches('polygon')) showTip(linesOf(reader.result)[at], e.target);
}

// ---- Events

async function openJob(id, page) {
  const same = reader.id === id;
  Object.assign(reader, { id, page, rows: same ? reader.rows : [] });
  try {
    put(jobs.get(id) ?? (await fetchJson(jobPath(id, ''))));
    if (!same) ui.name.focus();
  } catch (error) {
    notice(error.message);
    if (reader.id === id) location.replace('#');
  }
}

function closeJob() {
  const { id } = reader;
  reader.abort.abort();
  Object.assign(reader, { id: null, page: 0, rows: [], result: null, fresh: '', shown: '' });
  document.title = 'pagemill';
  if (id) rows.get(id)?.name.focus();
}

function route() {
  const [, id, page] = location.hash.match(/^#\/jobs\/([\w-]+)(?:\/(\d+))?$/) ?? [];
  ui.documents.hidden = Boolean(id);
  ui.reader.hidden = !id;
  if (id) openJob(id, Number(page ?? 0));
  else closeJob();
}

const leave = () => (location.hash = '');
const KEYS = { ArrowLeft: () => step(-1), ArrowRight: () => step(1), Escape: leave };

function key(e) {
  const other = e.altKey || e.ctrlKey || e.metaKey || e.shiftKey || e.target.matches('input');
  if (!reader.id || ui.token.open || other || !KEYS[e.key]) return;
  e.preventDefault();
  KEYS[e.key]();
}

function drop(e, transfer) {
  document.body.classList.remove('dragging');
  if (!transfer?.files.length || ui.token.open) return;
  e.preventDefault();
  if (reader.id) leave();
  add(transfer.files);
}

function drag(e) {
  if (!e.dataTransfer.types.includes('Files')) return;
  e.preventDefault();
  document.body.classList.add('dragging');
}

async function showCapabilities() {
  const { capabilities } = await (await fetch('/health')).json();
  const names = new Set(capabilities.engines.flatMap((engine) => engine.languages));
  ui.formats.textContent = capabilities.formats;
  ui.installed.replaceChildren(...[...names].map((value) => make('option', { value })));
}

function chosen() {
  add(ui.files.files);
  ui.files.value = '';
}

function tryAgain() {
  access.refused = false;
  notice('');
  refresh();
}

function stripChosen(e) {
  e.preventDefault();
  go(Number(e.target.textContent));
}

function toggleOutlines() {
  const off = ui.overlay.classList.toggle('off');
  ui.outlines.ariaPressed = String(!off);
}

const EVENTS = [
  [window, 'hashchange', route],
  [document, 'keydown', key],
  [document, 'dragover', drag],
  [document, 'dragleave', (e) => e.relatedTarget ?? document.body.classList.remove('dragging')],
  [document, 'drop', (e) => drop(e, e.dataTransfer)],
  [document, 'paste', (e) => drop(e, e.clipboardData)],
  [document, 'visibilitychange', () => (document.hidden ? watchActive() : refresh())],
  [ui.choose, 'click', () => ui.files.click()],
  [ui.files, 'change', chosen],
  [ui.add, 'submit', (e) => e.preventDefault()],
  [ui.more, 'click', showMore],
  [ui.again, 'click', tryAgain],
  [ui.later, 'click', () => ui.token.close()],
  [ui.previous, 'click', () => step(-1)],
  [ui.next, 'click', () => step(1)],
  [ui.number, 'change', () => go(Number(ui.number.value))],
  [ui.strip, 'click', stripChosen],
  [ui.outlines, 'click', toggleOutlines],
  [ui.copy, 'click', copyPage],
  [ui.downloads, 'click', download],
  [ui.columns, 'pointerover', point],
  [ui.columns, 'pointerleave', point],
];

for (const [on, type, handler] of EVENTS) on.addEventListener(type, handler);
route();
refresh();
showCapabilities().catch(() => {});
