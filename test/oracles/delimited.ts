/** RFC 4180 a letter at a time: rows of cells. Lines end in \n, \r\n or \r, between quotes too, where they become \n; empty ones are skipped. */
export function cutRows(text: string, delimiter: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let state: 'start' | 'plain' | 'quoted' | 'closed' = 'start'
  const endCell = () => {
    row.push(cell)
    cell = ''
    state = 'start'
  }
  const letters = [...text.replaceAll('\r\n', '\n').replaceAll('\r', '\n')]
  for (const letter of letters) {
    if (state === 'quoted') {
      if (letter === '"') state = 'closed'
      else cell += letter
    } else if (state === 'closed' && letter === '"') {
      cell += letter
      state = 'quoted'
    } else if (letter === delimiter) endCell()
    else if (letter === '\n') {
      if (row.length > 0 || state !== 'start') {
        endCell()
        rows.push(row)
      }
      row = []
    } else if (letter === '"' && state === 'start') state = 'quoted'
    else {
      cell += letter
      state = 'plain'
    }
  }
  if (row.length > 0 || state !== 'start') {
    endCell()
    rows.push(row)
  }
  return rows
}
