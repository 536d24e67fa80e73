// Reads {name: html} as JSON; says what html-validate and caniemail find in each: node letters.mjs MODULES
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const modules = process.argv[2]
const { HtmlValidate } = createRequire(`${modules}/`)('html-validate')
const { caniemail } = await import(pathToFileURL(`${modules}/caniemail/dist/index.js`))

// Those of which caniemail.com knows everything that it is asked here.
const CLIENTS = [
  'outlook.windows', 'outlook.macos', 'outlook.ios', 'outlook.android', 'outlook.outlook-com',
  'gmail.desktop-webmail', 'gmail.ios', 'gmail.android',
  'apple-mail.macos', 'apple-mail.ios',
  'samsung-email.android',
  'yahoo.desktop-webmail', 'yahoo.ios', 'yahoo.android',
]
// MJML writes the body as <div role="article">, which mail programs carry and <article> they do not.
const RULES = { 'prefer-native-element': ['error', { exclude: ['article'] }] }
const validator = new HtmlValidate({ extends: ['html-validate:a11y'], rules: RULES })

const said = {}
for (const [name, html] of Object.entries(JSON.parse(readFileSync(0, 'utf8')))) {
  const report = await validator.validateString(html)
  const invalid = report.results.flatMap((result) => result.messages)
  const unknown = {}
  for (const [client, issues] of caniemail({ clients: CLIENTS, html }).issues.errors) {
    for (const { title } of issues) (unknown[title] ??= new Set()).add(client)
  }
  said[name] = {
    invalid: invalid.map(({ ruleId, message, line }) => `${line}: ${ruleId}: ${message}`),
    unknown: Object.fromEntries(Object.entries(unknown).map(([title, who]) => [title, [...who].sort()])),
  }
}
process.stdout.write(JSON.stringify(said))
