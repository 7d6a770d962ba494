#!/usr/bin/env node
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Sends a document, tells what happens to it, prints its text. node 18 or later; no packages.
//
//   submit.mjs FILE [OPTION=VALUE…]
//
// The environment: PAGEMILL_URL, PAGEMILL_TOKEN.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

const server = process.env.PAGEMILL_URL ?? 'http://127.0.0.1:8000';
const token = process.env.PAGEMILL_TOKEN;
const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

// 429: too often, or over a quota. 503: no room just now. Retry-After says when to come again.
async function ask(path, init = {}, tries = 8) {
  const headers = { ...init.headers, ...(token && { Authorization: `Bearer ${token}` }) };
  const answer = await fetch(server + path, { ...init, headers });
  if ([429, 503].includes(answer.status) && tries > 1) {
    await pause(Number(answer.headers.get('Retry-After') ?? 1));
    return ask(path, init, tries - 1);
  }
  if (answer.ok) return answer;
  const { status, code, detail } = await answer.json(); // RFC 9457
  throw new Error(`${status} ${code}: ${detail}`);
}

// The events of a stream, one after the other.
async function* eventsOf(answer) {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of answer.body) {
    text += decoder.decode(bytes, { stream: true });
    const whole = text.split('\n\n');
    text = whole.pop();
    for (const event of whole) {
      const fields = Object.fromEntries(event.split('\n').map((line) => line.split(/: ?(.*)/s)));
      if (fields.data) yield { type: fields.event, data: JSON.parse(fields.data) };
    }
  }
}

async function submit(file, options) {
  const form = new FormData();
  for (const option of options) form.append(...option.split(/=(.*)/s).slice(0, 2));
  form.append('file', new Blob([await readFile(file)]), basename(file));
  const headers = { 'Idempotency-Key': randomUUID() }; // sent again, it is still one job
  return (await ask('/v1/jobs', { method: 'POST', body: form, headers })).json();
}

async function follow(job) {
  for await (const { type, data } of eventsOf(await ask(`/v1/jobs/${job.id}/events`))) {
    if (type === 'page') console.error(`page ${data.page}: ${data.status}`);
    else job = data;
  }
  return job;
}

const [file, ...options] = process.argv.slice(2);
if (!file) throw new Error('usage: submit.mjs FILE [OPTION=VALUE…]');
const job = await follow(await submit(file, options));
if (job.status !== 'completed') throw new Error(`${job.status}: ${job.error?.message}`);
console.log(await (await ask(job.result.txt)).text());
