// Writes a document of facts and tables as markdown, or as one HTML file that loads nothing. Text of others stays text
// in both: no markup, no mention of a person, no link, no picture.

import { escapeText } from './escape.js'

/** Words of ours, or text of somebody else. */
export type Cell = string | { readonly text: string }

export type Block =
  | { readonly facts: readonly (readonly [name: string, value: Cell])[] }
  | {
      readonly title: string
      readonly head: readonly string[]
      readonly rows: readonly (readonly Cell[])[]
      readonly note?: string
    }

export interface Document {
  readonly title: string
  readonly blocks: readonly Block[]
}

/** For a terminal, a file, or a pull request. */
export function markdownOf({ title, blocks }: Document): string {
  const parts = blocks.map((block) =>
    'facts' in block
      ? block.facts.map(([name, value]) => `- ${name}: ${inMarkdown(value)}`).join('\n')
      : [
          `## ${block.title}`,
          '',
          row(block.head),
          row(block.head.map(() => '---')),
          ...block.rows.map(row),
          ...(block.note ? ['', block.note] : []),
        ].join('\n'),
  )
  return `${[`# ${title}`, ...parts].join('\n\n')}\n`
}

function row(cells: readonly Cell[]): string {
  return `| ${cells.map((cell) => inMarkdown(cell).replaceAll('|', '\\|')).join(' | ')} |`
}

/** As code: the only place in markdown where nothing means anything. */
function inMarkdown(cell: Cell): string {
  if (typeof cell === 'string') return cell
  const line = escapeText(cell.text).trim()
  if (line === '') return ''
  const longest = (line.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 0)
  const fence = '`'.repeat(longest + 1)
  const space = line.startsWith('`') || line.endsWith('`') ? ' ' : ''
  return `${fence}${space}${line}${space}${fence}`
}

const STYLE = `:root{color-scheme:light dark;font:15px/1.45 system-ui,sans-serif}
body{max-width:1000px;margin:24px auto;padding:0 16px;overflow-wrap:anywhere}
h1{font-size:22px}h2{font-size:16px;margin-top:28px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 18px}dt{opacity:.7}dd{margin:0}
div{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:4px 14px 4px 0;border-bottom:1px solid light-dark(#ddd,#444)}
th{font-size:13px;opacity:.7}`

/** One file, to be opened without a network. */
export function htmlOf({ title, blocks }: Document): string {
  const parts = blocks.map((block) =>
    'facts' in block
      ? `<dl>${block.facts.map(([name, value]) => `<dt>${inHtml(name)}</dt><dd>${inHtml(value)}</dd>`).join('')}</dl>`
      : `<h2>${inHtml(block.title)}</h2><div><table><thead><tr>${block.head.map((one) => `<th scope="col">${inHtml(one)}</th>`).join('')}</tr></thead>
<tbody>${block.rows.map((cells) => `<tr>${cells.map((cell) => `<td>${inHtml(cell)}</td>`).join('')}</tr>`).join('\n')}</tbody></table></div>${block.note ? `<p>${inHtml(block.note)}</p>` : ''}`,
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${inHtml(title)}</title><style>${STYLE}</style></head>
<body><h1>${inHtml(title)}</h1>
${parts.join('\n')}
</body></html>
`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function inHtml(cell: Cell): string {
  const line = typeof cell === 'string' ? cell : escapeText(cell.text)
  return line.replace(/[&<>"']/g, (one) => ENTITIES[one] ?? one)
}
