// Nodemailer's pool, given letters one by one; prints the seconds and the processor time.
'use strict';

const { createRequire } = require('node:module');
const given = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const nodemailer = createRequire(`${given.packages}/`)('nodemailer');

const pool = nodemailer.createTransport({
  pool: true,
  host: '127.0.0.1',
  port: given.port,
  secure: false,
  ignoreTLS: true,
  maxConnections: given.sessions,
  maxMessages: Infinity,
});

let next = 0;

async function lane() {
  while (next < given.count) {
    const number = next++;
    const link = `${given.link}${number}.${String(number).padStart(24, '0')}`;
    await pool.sendMail({
      from: given.from,
      to: { name: `Reader ${number}`, address: `reader${number}@fabrikam.example` },
      subject: given.subject,
      headers: { 'Auto-Submitted': 'auto-generated' },
      textEncoding: 'quoted-printable',
      text: given.text.replaceAll(given.own, link),
      html: given.html.replaceAll(given.own, link),
    });
  }
}

async function main() {
  const began = process.hrtime.bigint();
  const before = process.cpuUsage();
  await Promise.all(Array.from({ length: 4 * given.sessions }, lane));
  const { user, system } = process.cpuUsage(before);
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  pool.close();
  process.stdout.write(JSON.stringify({ seconds, cpu: (user + system) / 1e6 }));
}

main();
